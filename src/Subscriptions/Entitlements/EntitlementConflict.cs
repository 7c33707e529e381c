using System.Collections.Immutable;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Metering.Subscriptions.Entitlements;

/// <summary>Why an entitlement cannot be given or changed as things stand.</summary>
internal static class EntitlementConflict
{
    public static IResult Refused(ImmutableArray<string> featureKeys) => Problem.Of(
        ProblemType.Conflict, $"The customer would be entitled twice at a time to {string.Join(", ", featureKeys)}, which refuse that.");

    public static IResult Exists(string featureKey) => Problem.Of(
        ProblemType.Conflict, $"The customer is entitled to {featureKey} already; override or delete that entitlement.",
        new FieldError("/featureKey", "entitlement_exists", "The customer is entitled to this feature already."));

    public static IResult OfSubscription() => Problem.Of(
        ProblemType.Conflict, "The entitlement belongs to a subscription; change the subscription.");

    public static IResult NotActive() => Problem.Of(ProblemType.Conflict, "The entitlement is not active.");

    public static IResult NotMetered() => Problem.Of(ProblemType.Conflict, "The entitlement is not metered: it has no balance, grants or resets.");
}
