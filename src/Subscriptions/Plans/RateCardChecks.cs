using System.Collections.Immutable;
using System.Globalization;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Plans;

/// <summary>The checks of a plan's rate cards for cards that stand elsewhere: in an add-on, in a customisation.</summary>
internal static class RateCardChecks
{
    private const string InPlan = "/phases/0/rateCards";

    /// <param name="cards">Checked as the cards of one phase.</param>
    /// <param name="features">The features they may name.</param>
    /// <param name="errors">Where faults are told.</param>
    /// <param name="pointerOf">Where in the request a card stands; of -1: the list itself.</param>
    public static void Check(
        ImmutableArray<RateCardBody> cards, ImmutableDictionary<string, FeatureRow> features, FieldErrors errors, Func<int, string> pointerOf)
    {
        var plan = new PlanBody("Any", "any", "USD", "P1M", [new PhaseBody("any", "Any", null, cards)]);
        foreach (var error in PlanChecks.Check(plan, features).All)
        {
            var rest = error.Pointer[InPlan.Length..];
            if (rest.Length == 0)
            {
                errors.Add(pointerOf(-1), error.Code, error.Message);
                continue;
            }

            var end = rest.IndexOf('/', 1) is var slash && slash < 0 ? rest.Length : slash;
            errors.Add(pointerOf(int.Parse(rest.AsSpan(1, end - 1), CultureInfo.InvariantCulture)) + rest[end..], error.Code, error.Message);
        }
    }
}
