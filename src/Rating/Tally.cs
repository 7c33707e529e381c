using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>The running account of one pass over the adjustments, cumulative for the period: the quantity to price and the charges so far.</summary>
internal sealed class Tally(RatingInput input, decimal quantity, bool closesPeriod)
{
    private readonly ImmutableArray<Charge>.Builder charges = ImmutableArray.CreateBuilder<Charge>(initialCapacity: 4);

    public RatingInput Input { get; } = input;

    /// <summary>Whether the account covers the whole served period, so that what depends on its end is due.</summary>
    public bool ClosesPeriod { get; } = closesPeriod;

    /// <summary>The usage from the start of the served period that is left to price.</summary>
    public decimal Quantity { get; set; } = quantity;

    /// <summary>The sum of the rounded charges so far.</summary>
    public Money Total { get; private set; } = Money.Zero(input.Currency);

    public ImmutableArray<Charge> Charges => charges.DrainToImmutable();

    public Money Round(decimal amount) => new ExactAmount(amount, Input.Currency).Round(Input.Rounding);

    /// <summary>Quantity times unit price. Nothing used is not a charge; units that cost nothing are one, so that quantities add up.</summary>
    public void AddUnits(ChargeRule rule, string reference, string name, decimal quantity, decimal unitPrice, TierBounds? tier)
    {
        if (quantity != 0m)
        {
            Add(rule, reference, name, quantity, unitPrice, quantity * unitPrice, tier);
        }
    }

    /// <summary>The flat amount of a tier, where it has one.</summary>
    public void AddFlat(ChargeRule rule, string reference, string name, decimal amount, TierBounds? tier)
    {
        if (amount != 0m)
        {
            Add(rule, reference, name, 1m, amount, amount, tier);
        }
    }

    /// <summary>An amount that is not a quantity of anything: a discount or a top-up.</summary>
    public void AddAmount(ChargeRule rule, string reference, string name, decimal amount) =>
        Add(rule, reference, name, 1m, amount, amount, tier: null);

    public void Add(ChargeRule rule, string reference, string name, decimal quantity, decimal unitPrice, decimal amount, TierBounds? tier)
    {
        var exact = new ExactAmount(amount, Input.Currency);
        var rounded = exact.Round(Input.Rounding);
        Total += rounded;
        charges.Add(new Charge
        {
            ChildReference = reference,
            Name = name,
            Rule = rule,
            Tier = tier,
            Quantity = quantity,
            UnitPrice = unitPrice,
            Exact = exact,
            PeriodExact = exact,
            BilledBefore = Money.Zero(Input.Currency),
            Amount = rounded,
        });
    }
}
