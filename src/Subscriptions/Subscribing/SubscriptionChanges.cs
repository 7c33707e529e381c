using Metering.Platform.Problems;
using Metering.Subscriptions.Subscribing.Spec;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>What every change of a subscription that exists asks first, and how it is told no.</summary>
internal static class SubscriptionChanges
{
    /// <summary>When a change takes effect: while the subscription runs, and for one that is scheduled not before it starts.</summary>
    /// <returns>Null when there is such an instant; otherwise the answer that says why not.</returns>
    public static IResult? TryResolve(SubscriptionRow row, string? timing, Instant now, out Instant at)
    {
        at = now;
        if (row.StatusAt(now) == "inactive")
        {
            return Problem.Of(ProblemType.Conflict, "The subscription has ended; what is over does not change.");
        }

        if (Timing.TryResolve(timing, now, row.Calendar, out at) is { } untimely)
        {
            return untimely;
        }

        at = Instant.Max(at, row.ActiveFrom);
        return row.ActiveTo <= at ? AfterTheEnd(row) : null;
    }

    public static IResult AfterTheEnd(SubscriptionRow row) => Problem.Of(
        ProblemType.Conflict, $"The subscription ends at {row.ActiveTo}, before the change would take effect.",
        new FieldError("/timing", "after_the_end", $"The subscription ends at {row.ActiveTo}."));

    public static IResult Refused(SpecRefusal refusal, string pointer)
    {
        var error = new FieldError(pointer + refusal.Field, refusal.Code, refusal.Message);
        return refusal.IsConflict ? Problem.Of(ProblemType.Conflict, refusal.Message, error) : Problem.Invalid(error);
    }
}
