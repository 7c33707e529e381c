using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Metering.Rating;

/// <summary>The running account of one pass over the adjustments, cumulative for the period: the quantity to price and the charges so far.</summary>
/// <param name="input">What is rated.</param>
/// <param name="reading">Up to which end of the line the account goes.</param>
/// <param name="quantity">The usage up to there.</param>
/// <param name="closesPeriod">Whether the account covers the whole served period, so that what depends on its end is due.</param>
/// <param name="explains">Whether charges are kept; without, only the total is.</param>
internal sealed class Tally(RatingInput input, Reading reading, decimal quantity, bool closesPeriod, bool explains)
{
    // Enough for most lines: four tiers with flat amounts, or one charge for each group of usage.
    private const int InitialCapacity = 8;

    private readonly int digits = input.Currency.MinorUnitDigits;
    private readonly Money nothing = Money.Zero(input.Currency);
    private Charge[] charges = explains ? new Charge[Math.Max(InitialCapacity, input.Groups.Groups.Length)] : [];
    private int count;
    private List<UnpricedUsage>? unpriced;
    private Scope? scope;
    private UnitLevels? levels = input.UnitsInForce == UnitsInForce.None
        ? null
        : input.UnitsInForce.LevelsAt(reading, input.Line, input.Proration);

    public RatingInput Input => input;

    public bool ClosesPeriod => closesPeriod;

    /// <summary>The usage from the start of the served period that is left to price.</summary>
    public decimal Quantity { get; private set; } = quantity;

    /// <summary>How far the usage reached into the tiers: as far as there is of it, or as there was in force at one time.</summary>
    public decimal Reached => levels is null ? Quantity : levels.Peak;

    /// <summary>The sum of the rounded charges so far.</summary>
    public decimal Total { get; private set; }

    /// <summary>The charges so far; nothing is added afterwards.</summary>
    public ImmutableArray<Charge> Charges => count == charges.Length
        ? ImmutableCollectionsMarshal.AsImmutableArray(charges)
        : ImmutableArray.Create(charges.AsSpan(0, count));

    public ImmutableArray<UnpricedUsage> Unpriced => unpriced is null ? [] : [.. unpriced];

    public bool HasUnpriced => unpriced is not null;

    /// <summary>How many transactions there were; null when the input does not tell.</summary>
    public decimal? TransactionCount => Input.Transactions == TransactionUsage.None ? null : At(Input.Transactions.Count);

    /// <summary>The amounts of the transactions; default when the input does not tell.</summary>
    public ImmutableArray<decimal> TransactionAmounts => Input.Transactions.AmountsAt(reading);

    public decimal At(Usage usage) => reading == Reading.End ? usage.Cumulative : usage.Prior;

    /// <summary>How much of the quantity lies below a bound.</summary>
    public decimal QuantityBelow(decimal bound) => levels is null ? Math.Min(Quantity, bound) : levels.AverageBelow(bound);

    public void Convert(UnitConversion conversion)
    {
        levels = levels?.Converted(conversion);
        Quantity = levels is null ? conversion.Apply(Quantity) : levels.Average;
    }

    /// <summary>Says what was billed, where the price does not bill the quantity as a whole.</summary>
    public void Bill(decimal billed) => Quantity = billed;

    /// <summary>Leaves the first units out.</summary>
    public void LeaveOut(decimal first)
    {
        levels = levels?.Above(first);
        Quantity = levels is null ? Math.Max(0m, Quantity - first) : levels.Average;
    }

    public decimal Converted(decimal metered) => Input.Terms.Conversion?.Apply(metered) ?? metered;

    public decimal Round(decimal amount) => Input.Rounding.Apply(amount, digits);

    /// <summary>Charges a quantity by another price, under references and names of its own.</summary>
    public void ChargeWithin(Scope within, Price price, decimal ofQuantity)
    {
        var (outerQuantity, outerScope) = (Quantity, scope);
        (Quantity, scope) = (ofQuantity, outerScope is null || !explains ? within : outerScope.Inner(within));
        price.ChargeTo(this);
        (Quantity, scope) = (outerQuantity, outerScope);
    }

    /// <summary>Charges what is above a quantity by another price.</summary>
    public void ChargeAbove(decimal included, Scope within, Price price)
    {
        var (outerQuantity, outerLevels) = (Quantity, levels);
        LeaveOut(included);
        ChargeWithin(within, price, Quantity);
        (Quantity, levels) = (outerQuantity, outerLevels);
    }

    public void AddUnpriced(UnpricedUsage usage) => (unpriced ??= []).Add(usage);

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
        var rounded = Round(amount);
        Total += rounded;
        if (!explains)
        {
            return;
        }

        if (count == charges.Length)
        {
            Array.Resize(ref charges, 2 * count);
        }

        var exact = new ExactAmount(amount, Input.Currency);
        charges[count++] = new Charge
        {
            ChildReference = scope is null ? reference : scope.Reference + reference,
            Name = scope is null ? name : scope.Name + name,
            Rule = rule,
            Tier = tier,
            Group = scope?.Group,
            Quantity = quantity,
            UnitPrice = unitPrice,
            Exact = exact,
            PeriodExact = exact,
            BilledBefore = nothing,
            Amount = Money.OfWhole(rounded, Input.Currency),
        };
    }
}
