using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.Rating;

namespace Metering.EnforcementSidecar.Credits;

/// <summary>
/// The most that a request can cost, by the price of its feature, in billionths of the currency's major unit, rounded up. Exact for a price per unit;
/// in tiers nobody knows before in which one the units will lie, so it is the dearest.
/// </summary>
internal sealed class RequestPrice
{
    /// <summary>What a single request may cost at most, in billionths: a thousand. What may cost more is denied.</summary>
    public const long Most = 1_000_000_000_000;

    private const decimal PerMajorUnit = 1_000_000_000m;
    private const decimal MostAmount = 1_000m;

    private readonly decimal unit;
    private readonly decimal flat;

    private RequestPrice(decimal unit, decimal flat)
    {
        this.unit = unit;
        this.flat = flat;
    }

    /// <summary>Whether units that were not used are worth their part of the price.</summary>
    public bool IsLinear => flat == 0m;

    /// <summary>Null when no bound of it is known: then nobody can decide.</summary>
    /// <exception cref="FormatException">It is no price.</exception>
    public static RequestPrice? Of(CreditPrice? told)
    {
        if (told is null)
        {
            return null;
        }

        try
        {
            return told.Model switch
            {
                CreditPrice.Unit => Of(new Price.PerUnit(told.Amount ?? 0m)),
                CreditPrice.Graduated => Of(new Price.Graduated(Tiers(told)).Tiers),
                CreditPrice.Volume => Of(new Price.Volume(Tiers(told)).Tiers),
                _ => null,
            };
        }
        catch (InvalidPriceException exception)
        {
            throw new FormatException($"a price in the snapshot is none: {exception.Message}");
        }
    }

    /// <summary>More than <see cref="Most"/> when it could be more than that.</summary>
    public long HighestOf(long units)
    {
        if (unit > 0m && units > MostAmount / unit)
        {
            return Most + 1;
        }

        return (long)decimal.Ceiling(Math.Min(MostAmount + 1m, (unit * units) + flat) * PerMajorUnit);
    }

    private static RequestPrice Of(Price.PerUnit price) => new(price.Amount, 0m);

    /// <summary>However many tiers the units of one request lie in: each unit costs at most the dearest, and each tier is entered once.</summary>
    private static RequestPrice Of(ImmutableArray<PriceTier> tiers) => new(tiers.Max(tier => tier.UnitAmount), tiers.Sum(tier => tier.FlatAmount));

    private static ImmutableArray<PriceTier> Tiers(CreditPrice told) =>
        [.. told.Tiers.Select(tier => new PriceTier(tier.UpTo, tier.FlatAmount, tier.UnitAmount))];
}
