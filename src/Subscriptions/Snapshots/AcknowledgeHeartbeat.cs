using Metering.Contracts.Sidecar;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Metering.Subscriptions.Snapshots;

/// <summary><c>POST /api/v1/sidecar/acknowledgements</c>: a sidecar has applied everything up to a heartbeat.</summary>
internal static class AcknowledgeHeartbeat
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/sidecar/acknowledgements", Acknowledge).RequireScope(Scope.Enforcement)
            .WithName("acknowledgeHeartbeat").WithSummary("Say that a sidecar has applied the stream so far").Produces(204)
            .WithTags("Sidecar");

    private static IResult Acknowledge(SidecarAcknowledgement acknowledgement, SidecarStreams streams) =>
        streams.Acknowledge(acknowledgement.SidecarId, acknowledgement.Sequence)
            ? Results.NoContent()
            : Problem.NotFound("connected sidecar", acknowledgement.SidecarId);
}
