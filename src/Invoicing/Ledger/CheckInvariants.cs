using Metering.Platform.Database;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Metering.Invoicing.Ledger;

/// <summary><c>GET /api/v1/ledger/invariants</c>: proves the books now.</summary>
internal static class CheckInvariants
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/ledger/invariants", CheckAsync).RequireScope(Scope.LedgerRead)
            .WithName("checkLedgerInvariants").WithSummary("Prove that the books hold").Produces<InvariantsView>();

    private static async Task<IResult> CheckAsync(MeteringDatabase database, CancellationToken cancellationToken)
    {
        var results = await LedgerInvariants.CheckAsync(database, cancellationToken);
        return Results.Ok(new InvariantsView(results.All(result => result.Holds), [.. results]));
    }

    /// <param name="Holds">All of them.</param>
    private sealed record InvariantsView(bool Holds, LedgerInvariantResult[] Invariants);
}
