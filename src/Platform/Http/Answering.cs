using Metering.Platform.Database;
using Metering.Platform.Idempotency;
using Metering.Platform.Requests;
using Microsoft.AspNetCore.Http;

namespace Metering.Platform.Http;

/// <summary>Commits the work together with its answer.</summary>
public static class Answering
{
    /// <summary>
    /// Commits and returns the answer. If the request came under an idempotency key, the answer is stored in the same transaction: whoever
    /// asks again is answered the same, also when the server stopped right after the commit.
    /// </summary>
    public static async Task<IResult> CommitAsync(this DbSession session, IResult answer, CancellationToken cancellationToken)
    {
        if (RequestContext.Current is not { Idempotency: { } request } context)
        {
            await session.CommitAsync(cancellationToken);
            return answer;
        }

        var stored = await StoredAnswer.OfAsync(answer, context.Http);
        request.Answer = stored;
        await session.CommitAsync(cancellationToken);
        return stored;
    }
}
