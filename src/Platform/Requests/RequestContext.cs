using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Idempotency;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Metering.Platform.Requests;

/// <summary>
/// The request that is being answered, for what goes along with every transaction of it: who is behind it, whether its change has been
/// written to the audit trail, and under which idempotency key it came.
/// </summary>
internal sealed class RequestContext(HttpContext http) : ITransactionCompanion
{
    private static readonly AsyncLocal<RequestContext?> Ambient = new();

    private readonly AuditedMetadata? audited = http.GetEndpoint()?.Metadata.GetMetadata<AuditedMetadata>();

    // Most requests need neither.
    private HashSet<string>? recorded;
    private Actor? actor;
    private bool answered;

    /// <summary>Null outside requests, and for what a request has set going and lives longer than it.</summary>
    public static RequestContext? Current => Ambient.Value is { answered: false } context ? context : null;

    public Actor Actor => actor ??= Actor.Of(http.User);

    public HttpContext Http => http;

    /// <summary>Null when the request came without an idempotency key, or its route takes none.</summary>
    public IdempotentRequest? Idempotency { get; set; }

    public static void Use(IApplicationBuilder app) => app.Use(next => async context =>
    {
        var request = new RequestContext(context);
        Ambient.Value = request;
        try
        {
            await next(context);
        }
        finally
        {
            request.answered = true;
        }
    });

    /// <summary>What the caller does from here on is not the request's own doing but the system's.</summary>
    public static void Leave() => Ambient.Value = null;

    public void Recorded(string action) => (recorded ??= new(StringComparer.Ordinal)).Add(action);

    public Task BegunAsync(DbSession session, CancellationToken cancellationToken) =>
        Idempotency?.ClaimAsync(session, cancellationToken) ?? Task.CompletedTask;

    public Task CommittingAsync(DbSession session, CancellationToken cancellationToken)
    {
        if (audited is not null && !(recorded is not null && audited.Actions.Any(recorded.Contains)))
        {
            throw new InvalidOperationException(
                $"The route is audited as {string.Join(", ", audited.Actions)} and commits without having recorded it.");
        }

        return Idempotency?.RecordAsync(session, cancellationToken) ?? Task.CompletedTask;
    }

    public void Ended(DbSession session, bool committed) => Idempotency?.Ended(session, committed);
}
