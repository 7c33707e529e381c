using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Metering.Platform.Telemetry;

/// <summary>
/// Sends traces and metrics by OTLP when the standard <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; costs nothing otherwise.
/// Modules publish through <c>ActivitySource</c> and <c>Meter</c> named <c>Metering.*</c>.
/// </summary>
internal sealed class TelemetryExport : IHostedService, IDisposable
{
    private readonly TracerProvider traces;
    private readonly MeterProvider metrics;

    private TelemetryExport()
    {
        var resource = ResourceBuilder.CreateDefault().AddService("metering");
        traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource("Metering.*", "Microsoft.AspNetCore", "Npgsql", "MassTransit", "RabbitMQ.Client.*")
            .AddOtlpExporter()
            .Build();
        metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter("Metering.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Npgsql", "MassTransit")
            .AddOtlpExporter()
            .Build();
    }

    public static void AddWhenConfigured(IServiceCollection services)
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT")))
        {
            services.AddHostedService(_ => new TelemetryExport());
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        traces.Dispose();
        metrics.Dispose();
    }
}
