using System.Collections.Immutable;
using Metering.Rating;

namespace Metering.Subscriptions.Plans.Prices;

/// <summary><c>tiered</c>: <c>graduated</c>, where each unit is priced by its tier, or <c>volume</c>, where all are by the one reached.</summary>
internal sealed class TieredPriceType : PriceType
{
    private const string Graduated = "graduated";
    private const string Volume = "volume";

    public override string Name => "tiered";

    protected override ImmutableArray<string> Required => ["mode", "tiers"];

    protected override ImmutableArray<string> Optional => ["firstTier"];

    public override Price Read(PriceBody body) =>
        body.Mode == Graduated ? new Price.Graduated(TiersOf(body), TierWords.EntryOf(body)) : new Price.Volume(TiersOf(body));

    public override PriceBody? Write(Price price) => price switch
    {
        Price.Graduated graduated => new PriceBody(Name, Mode: Graduated)
        {
            Tiers = DocumentOf(graduated.Tiers), FirstTier = TierWords.WordOf(graduated.FirstTier),
        },
        Price.Volume volume => new PriceBody(Name, Mode: Volume) { Tiers = DocumentOf(volume.Tiers) },
        _ => null,
    };

    public override string FieldOf(PriceBody body, string pointer) => TierWords.FieldOf(pointer);

    protected override bool CheckWords(PriceBody body, string at, PlanFindings findings)
    {
        var sound = CheckWord(body.Mode, "mode", "unknown_mode", [Graduated, Volume], at, findings)
            & CheckWord(body.FirstTier, "firstTier", "unknown_first_tier", TierWords.FirstTiers, at, findings);
        findings.Errors.AddIf(
            body is { Mode: Volume, FirstTier: not null }, $"{at}/firstTier", "not_allowed", "A volume price is in one tier, whichever was reached.");
        foreach (var (i, tier) in body.Tiers!.Value.Take(RatingBounds.TiersMax).Index())
        {
            sound &= CheckTier(tier, $"{at}/tiers/{i}", findings);
        }

        return sound;
    }

    protected override ImmutableArray<PriceError> FaultsOf(PriceBody body) => Price.Graduated.Check(TiersOf(body));

    private static bool CheckTier(TierBody? tier, string at, PlanFindings findings)
    {
        if (tier is null || (tier.FlatPrice is null && tier.UnitPrice is null))
        {
            findings.Errors.Add(at, "required", "A tier has a flat price, a unit price, or both; an included tier has a unit price of 0.");
            return false;
        }

        var isUnit = tier.UnitPrice is null or { Type: "unit" };
        findings.Errors.AddIf(!isUnit, $"{at}/unitPrice/type", "unknown_price_type", "The type of a unit price is unit.");
        return TierWords.CheckFlatPrice(tier.FlatPrice, at, findings) && isUnit;
    }

    private static ImmutableArray<PriceTier> TiersOf(PriceBody body) =>
        [.. body.Tiers!.Value.Select(tier => new PriceTier(tier.UpToAmount, tier.FlatPrice?.Amount ?? 0m, tier.UnitPrice?.Amount ?? 0m))];

    private static ImmutableArray<TierBody> DocumentOf(ImmutableArray<PriceTier> tiers) =>
        [.. tiers.Select(tier => new TierBody(TierWords.FlatPriceOf(tier.FlatAmount), new TierPriceBody("unit", tier.UnitAmount), tier.UpTo))];
}
