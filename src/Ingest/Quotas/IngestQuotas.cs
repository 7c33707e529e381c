using System.Collections.Concurrent;
using System.Globalization;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Http;

namespace Metering.Ingest.Quotas;

/// <summary>
/// The quotas of the keys that send events, counted in this process: with several processes each lets the quota through. Time is the
/// machine's own, so that a test clock that stands does not stop a gateway.
/// </summary>
internal sealed class IngestQuotas(TimeProvider time)
{
    private const int MaxKeys = 10_000;

    private readonly ConcurrentDictionary<Guid, EventAllowance> allowances = new();

    /// <returns>Null when the key of the request has no quota.</returns>
    public EventAllowance? Of(HttpContext http)
    {
        if (http.Features.Get<KnownApiKey>() is not { IngestQuota: { } quota } key)
        {
            return null;
        }

        if (allowances.TryGetValue(key.Id, out var known) && known.Quota == quota)
        {
            return known;
        }

        if (allowances.Count >= MaxKeys)
        {
            allowances.Clear();
        }

        return allowances.AddOrUpdate(
            key.Id, _ => new EventAllowance(quota, 0), (_, before) => before.Quota == quota ? before : new EventAllowance(quota, before.PaidUpAt));
    }

    public AllowanceState Look(EventAllowance allowance) => allowance.Look(Now);

    public AllowanceState Take(EventAllowance allowance, int events) => allowance.Take(events, Now);

    /// <summary>As in draft-ietf-httpapi-ratelimit-headers-10.</summary>
    public static void Describe(HttpContext http, EventAllowance allowance, AllowanceState state)
    {
        http.Response.Headers["RateLimit-Policy"] =
            string.Create(CultureInfo.InvariantCulture, $"\"ingest\";q={allowance.Quota.EventsPerMinute};w=60");
        http.Response.Headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"ingest\";r={state.Left};t={Seconds(state.FullIn)}");
    }

    public static IResult Exceeded(HttpContext http, EventAllowance allowance, AllowanceState state)
    {
        Describe(http, allowance, state);
        http.Response.Headers.RetryAfter = Seconds(state.RetryAfter).ToString(CultureInfo.InvariantCulture);
        return Problem.Of(
            ProblemType.QuotaExceeded,
            $"The API key may send {allowance.Quota.EventsPerMinute} events per minute; none of these was taken, send them again later.");
    }

    private long Now => time.GetElapsedTime(0, time.GetTimestamp()).Ticks;

    /// <summary>Whole, and at least one where it is a matter of waiting.</summary>
    private static long Seconds(TimeSpan span) => (long)Math.Ceiling(span.TotalSeconds);
}
