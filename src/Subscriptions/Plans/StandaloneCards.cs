using System.Collections.Immutable;
using System.Globalization;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Plans;

/// <summary>The checks of a plan's rate cards for cards that stand elsewhere: in an add-on, in a customisation.</summary>
internal static class StandaloneCards
{
    private const string InPlan = "/phases/0/rateCards";

    /// <param name="cards">Looked at as the cards of one phase.</param>
    /// <param name="currency">What their amounts are in.</param>
    /// <param name="billingCadence">Of the plan they would belong to; null when that is not known yet.</param>
    /// <param name="features">The features they may name.</param>
    /// <param name="isForSale">Whether what a draft may still have is an error.</param>
    /// <param name="pointerOf">Where in the request a card stands; of -1: the list itself.</param>
    public static ImmutableArray<Platform.Problems.FieldError> Check(
        ImmutableArray<RateCardBody> cards, string currency, string? billingCadence, ImmutableDictionary<string, MeteredFeature> features,
        bool isForSale, Func<int, string> pointerOf)
    {
        var findings = PlanChecks.Check(AsPlan(cards, currency, billingCadence), features);
        var errors = isForSale ? findings.AgainstPublishing : findings.Errors.All;
        return
        [
            .. errors.Where(error => error.Pointer.StartsWith(InPlan, StringComparison.Ordinal))
                .Where(error => billingCadence is not null || error.Code != "cadence_not_dividing")
                .Select(error => error with { Pointer = Moved(error.Pointer[InPlan.Length..], pointerOf) }),
        ];
    }

    /// <summary>For reading the features that cards name, as plans do.</summary>
    public static PlanBody AsPlan(ImmutableArray<RateCardBody> cards, string currency, string? billingCadence) =>
        new("Any", "any", currency, billingCadence ?? "P1M", [new PhaseBody("any", "Any", null, cards)]);

    private static string Moved(string rest, Func<int, string> pointerOf)
    {
        if (rest.Length == 0)
        {
            return pointerOf(-1);
        }

        var end = rest.IndexOf('/', 1) is var slash && slash < 0 ? rest.Length : slash;
        return pointerOf(int.Parse(rest.AsSpan(1, end - 1), CultureInfo.InvariantCulture)) + rest[end..];
    }
}
