using System.Collections.Immutable;
using Metering.Rating;

namespace Metering.Subscriptions.Plans.Prices;

/// <summary><c>graduated_percentage</c>: each part of an amount that the meter sums pays the rate of its tier.</summary>
internal sealed class GraduatedPercentagePriceType : PriceType
{
    public override string Name => "graduated_percentage";

    protected override ImmutableArray<string> Required => ["rates"];

    protected override ImmutableArray<string> Optional => ["firstTier"];

    public override Price Read(PriceBody body) => new Price.GraduatedPercentage(TiersOf(body), TierWords.EntryOf(body));

    public override PriceBody? Write(Price price) => price is Price.GraduatedPercentage graduated
        ? new PriceBody(Name)
        {
            Rates = [.. graduated.Tiers.Select(tier => new RateBody(tier.Rate, tier.UpTo, TierWords.FlatPriceOf(tier.FlatAmount)))],
            FirstTier = TierWords.WordOf(graduated.FirstTier),
        }
        : null;

    public override string FieldOf(PriceBody body, string pointer) =>
        TierWords.FieldOf(pointer.Replace("/tiers", "/rates", StringComparison.Ordinal));

    protected override bool CheckWords(PriceBody body, string at, PlanFindings findings)
    {
        var sound = CheckWord(body.FirstTier, "firstTier", "unknown_first_tier", TierWords.FirstTiers, at, findings);
        foreach (var (i, tier) in body.Rates!.Value.Take(RatingBounds.TiersMax).Index())
        {
            findings.Errors.AddIf(tier is null, $"{at}/rates/{i}", "required", "A tier has a rate.");
            sound &= tier is not null && TierWords.CheckFlatPrice(tier.FlatPrice, $"{at}/rates/{i}", findings);
        }

        return sound;
    }

    protected override ImmutableArray<PriceError> FaultsOf(PriceBody body) => Price.GraduatedPercentage.Check(TiersOf(body));

    private static ImmutableArray<PercentageTier> TiersOf(PriceBody body) =>
        [.. body.Rates!.Value.Select(tier => new PercentageTier(tier.UpToAmount, tier.FlatPrice?.Amount ?? 0m, tier.Rate))];
}
