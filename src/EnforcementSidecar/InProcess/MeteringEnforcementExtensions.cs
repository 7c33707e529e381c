namespace Metering.EnforcementSidecar.InProcess;

/// <summary>
/// The sidecar's own engine in an ASP.NET application or a YARP proxy: no hop, the same decisions. The application counts as one sidecar.
/// </summary>
public static class MeteringEnforcementExtensions
{
    /// <summary>Follows the server from when the application starts until it stops. Leases go back and usage is shipped then.</summary>
    public static IServiceCollection AddMeteringEnforcement(this IServiceCollection services, Action<MeteringEnforcementOptions> configure)
    {
        var options = new MeteringEnforcementOptions();
        configure(options);
        services.AddSingleton(options);
        services.AddSingleton<InProcessEngine>();
        return services.AddHostedService(provider => provider.GetRequiredService<InProcessEngine>());
    }

    /// <summary>
    /// Decides requests to what names a feature. Comes after routing; in a proxy's own pipeline before the request is sent on.
    /// </summary>
    public static IApplicationBuilder UseMeteringEnforcement(this IApplicationBuilder app) =>
        app.Use(next => new EnforcementMiddleware(
            next, app.ApplicationServices.GetRequiredService<InProcessEngine>(),
            app.ApplicationServices.GetRequiredService<MeteringEnforcementOptions>()).InvokeAsync);

    /// <summary>Requests to the endpoint use this feature.</summary>
    public static TBuilder MeteredAs<TBuilder>(this TBuilder builder, string feature, long units = 1)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new MeteredFeatureAttribute(feature) { Units = units });
}
