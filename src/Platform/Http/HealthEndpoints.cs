using Metering.Platform.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Npgsql;

namespace Metering.Platform.Http;

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: its database answers and is migrated.</summary>
public static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => Results.Text("live")).AllowAnonymous();
        routes.MapGet("/health/ready", ReadyAsync).AllowAnonymous();
    }

    private static async Task<IResult> ReadyAsync(Migrator migrator, CancellationToken cancellationToken)
    {
        try
        {
            return await migrator.IsCurrentAsync(cancellationToken)
                ? Results.Text("ready")
                : Results.Text("not ready: the database is not migrated", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
        catch (NpgsqlException)
        {
            return Results.Text("not ready: the database does not answer", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
