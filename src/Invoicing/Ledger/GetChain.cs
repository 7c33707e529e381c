using Metering.Platform.Database;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary><c>GET /api/v1/ledger/chain</c>: the head of the chain, to be kept elsewhere, and what waits to be sealed.</summary>
internal static class GetChain
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/ledger/chain", GetAsync).RequireScope(Scope.LedgerRead)
            .WithName("getLedgerChain").WithSummary("Export the head of the ledger's chain of hashes").Produces<ChainView>();

    private static async Task<IResult> GetAsync(MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var row = await session.SingleAsync<ChainRow>(ChainSql, null, cancellationToken);
        var head = row.Hash is { } hash && row.Number is { } number ? new ChainHead(number, Convert.ToHexStringLower(hash)).ToString() : null;
        return Results.Ok(new ChainView(head, row.SealedAt, row.Unsealed, row.UnsealedSince));
    }

    private const string ChainSql = """
        with head as (
            select number, through_batch, hash, sealed_at from invoicing.ledger_block order by number desc limit 1)
        select (select number from head) as number, (select hash from head) as hash, (select sealed_at from head) as sealedAt,
               coalesce(sum(b.transactions), 0)::bigint as unsealed, min(b.posted_at) as unsealedSince
        from invoicing.ledger_batch b
        where b.id > coalesce((select through_batch from head), 0)
        """;

    private sealed record ChainRow(long? Number, byte[]? Hash, Instant? SealedAt, long Unsealed, Instant? UnsealedSince);

    /// <param name="Head">Number and hash of the last block, for <c>ledger verify --head</c>; null when nothing is sealed yet.</param>
    /// <param name="Unsealed">Transactions that are posted and not sealed yet.</param>
    private sealed record ChainView(string? Head, Instant? SealedAt, long Unsealed, Instant? UnsealedSince);
}
