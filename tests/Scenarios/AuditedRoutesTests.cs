using System.Collections.Immutable;
using Metering.Platform.Auditing;
using Metering.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Scenarios;

/// <summary>Whatever can change something says what it writes to the audit trail.</summary>
public sealed class AuditedRoutesTests : IAsyncLifetime
{
    /// <summary>Reviewed: not audited on purpose. A new one must be argued into this list.</summary>
    private static readonly ImmutableHashSet<string> Exceptions =
    [
        // Usage is its own record: every event is kept, and so is what was refused.
        "POST /api/v1/events",
        "POST /api/v3/openmeter/events",
        "POST /api/v1/otlp/v1/traces",
        "POST /api/v1/otlp/v1/metrics",
        "POST /api/v1/events/backfills/{id}/events",

        // Between sidecars and us, thousands a second; leases and settlements have rows of their own.
        "POST /api/v1/sidecar/leases",
        "POST /api/v1/sidecar/settlements",
        "POST /api/v1/sidecar/shares",
        "POST /api/v1/sidecar/acknowledgements",

        // Moves time in a sandbox; what falls due on the way is recorded by itself.
        "POST /api/v1/test-clock/advance",

        // Questions with a body.
        "POST /api/v1/meters/{idOrSlug}/query",
        "POST /api/v1/llm-usage/normalize",
        "POST /api/v1/billing/customers/{customerId}/invoices/simulate",
        "POST /api/v3/openmeter/entitlement-access/query",

        // A customer ends its own session in the portal.
        "POST /portal/sign-out",
    ];

    private TestHost host = null!;

    public async ValueTask InitializeAsync() => host = await TestHost.StartAsync();

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public void Every_route_that_changes_something_is_audited_or_on_the_reviewed_list()
    {
        var silent = Routes().Where(route => route.Audited is null).Select(route => route.Name).ToImmutableHashSet();

        Assert.Empty(silent.Except(Exceptions));
        Assert.Empty(Exceptions.Except(silent));
    }

    [Fact]
    public void Every_action_is_a_resource_type_and_a_verb()
    {
        var actions = Routes().SelectMany(route => route.Audited?.Actions ?? []).ToImmutableArray();

        Assert.NotEmpty(actions);
        Assert.All(actions, action => Assert.Matches(@"^[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)+$", action));
    }

    private IEnumerable<(string Name, AuditedMetadata? Audited)> Routes() =>
        from endpoint in host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        where method is not ("GET" or "HEAD" or "OPTIONS")
        select ($"{method} /{endpoint.RoutePattern.RawText!.TrimStart('/')}", endpoint.Metadata.GetMetadata<AuditedMetadata>());
}
