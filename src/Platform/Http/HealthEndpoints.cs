using Metering.Platform.Database;
using Metering.Platform.Messaging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Npgsql;

namespace Metering.Platform.Http;

/// <summary>
/// <c>/health/live</c>: the process answers. <c>/health/ready</c>: its database answers and is migrated, and the broker is connected where
/// one is configured.
/// </summary>
public static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => Results.Text("live")).AllowAnonymous();
        routes.MapGet("/health/ready", ReadyAsync).AllowAnonymous();
    }

    private static async Task<IResult> ReadyAsync(
        Migrator migrator, IMessageTransport transport, IEnumerable<IBrokerLink> links, CancellationToken cancellationToken)
    {
        try
        {
            return !await migrator.IsCurrentAsync(cancellationToken) ? NotReady("the database is not migrated")
                : !transport.IsConnected || !links.All(link => link.IsConnected) ? NotReady("the broker does not answer")
                : Results.Text("ready");
        }
        catch (NpgsqlException)
        {
            return NotReady("the database does not answer");
        }
    }

    private static IResult NotReady(string why) => Results.Text($"not ready: {why}", statusCode: StatusCodes.Status503ServiceUnavailable);
}
