using System.Net;
using System.Net.Http.Headers;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Http;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Reservations;
using Metering.EnforcementSidecar.Spooling;
using Metering.EnforcementSidecar.Time;

namespace Metering.EnforcementSidecar;

/// <summary>The engine and what it lives on, whoever hosts it: the sidecar's own server, or an application that decides in its own process.</summary>
internal static class EnforcementServices
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PooledConnectionLifetime = TimeSpan.FromMinutes(2);

    /// <exception cref="InvalidOptionException">The data directory can not be used.</exception>
    public static void Add(IServiceCollection services, SidecarOptions options, TimeProvider monotonic)
    {
        var identity = OpenIdentity(options);
        var spool = Path.Combine(options.DataDirectory, "spool");
        services.AddSingleton(identity);
        services.AddSingleton(options.Dialect);
        services.AddSingleton(monotonic);
        services.AddSingleton(_ => OpenSlots(options, identity));
        services.AddSingleton(new SnapshotJournal(options.DataDirectory));
        services.AddSingleton(new ParkedEvents(options.DataDirectory));
        services.AddSingleton(_ => HostClient(options));
        services.AddSingleton<ProductTime>();
        services.AddSingleton<SidecarCount>();
        services.AddSingleton(provider => new LeaseClient(provider.GetRequiredService<HttpClient>(), identity.Id));
        services.AddSingleton<LeaseBroker>();
        services.AddSingleton<CustomerCompiler>();
        services.AddSingleton<AccessState>();
        services.AddSingleton<DecisionEngine>();
        services.AddSingleton<DecisionCounts>();
        services.AddSingleton<RepeatedRequests>();
        services.AddSingleton(provider => SpoolReader.Open(spool, provider.GetRequiredService<ILogger<SpoolReader>>()));
        services.AddSingleton(provider =>
            EventSpool.Open(spool, provider.GetRequiredService<SpoolReader>().Next, provider.GetRequiredService<ILogger<EventSpool>>()));
        services.AddSingleton(provider => SpoolNumbering.Open(spool, identity.Id, provider.GetRequiredService<SpoolReader>().Next));
        services.AddSingleton(_ => OpenReservationSlots(options));
        services.AddSingleton<OpenReservations>();
        services.AddSingleton<AdmittedRequests>();
        services.AddSingleton<OutputHistory>();
        services.AddSingleton<ReservationExtending>();
        services.AddSingleton<SettlementClient>();
        services.AddSingleton<ExtendEndpoint>();
        services.AddSingleton<CheckEndpoint>();
        services.AddSingleton<ChecksEndpoint>();
        services.AddSingleton<SettleEndpoint>();
        services.AddSingleton<ReleaseEndpoint>();
        services.AddSingleton<LimitsEndpoint>();
        services.AddSingleton<SidecarRoutes>();

        // Stopped in the opposite order, after the last request has been answered: leases go back, then usage is shipped.
        services.AddHostedService<EventShipper>();
        services.AddHostedService(provider => provider.GetRequiredService<LeaseBroker>());
        services.AddHostedService<OrphanSettling>();
        services.AddHostedService<SnapshotFollower>();
    }

    private static SidecarIdentity OpenIdentity(SidecarOptions options)
    {
        try
        {
            Directory.CreateDirectory(options.DataDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return SidecarIdentity.Open(options.DataDirectory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOptionException("METERING_SIDECAR_DATA", $"names {options.DataDirectory}, which can not be written");
        }
    }

    private static ReservationSlots OpenReservationSlots(SidecarOptions options)
    {
        try
        {
            return ReservationSlots.Open(Path.Combine(options.DataDirectory, "reservations"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOptionException(
                "METERING_SIDECAR_DATA", $"names {options.DataDirectory}, which another sidecar uses or which can not be written");
        }
    }

    private static LeaseSlots OpenSlots(SidecarOptions options, SidecarIdentity identity)
    {
        try
        {
            return LeaseSlots.Open(Path.Combine(options.DataDirectory, "leases"), identity.BootId);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOptionException(
                "METERING_SIDECAR_DATA", $"names {options.DataDirectory}, which another sidecar uses or which can not be written");
        }
    }

    private static HttpClient HostClient(SidecarOptions options)
    {
        // Requests bound their own time; the snapshot stream has no end. A redirect would carry the key elsewhere.
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = PooledConnectionLifetime,
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
        };
        return new HttpClient(new LostConnections(handler))
        {
            BaseAddress = options.HostUrl,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", options.Key) },
        };
    }
}
