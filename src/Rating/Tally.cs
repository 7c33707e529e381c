using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>The running account of one pass over the adjustments, cumulative for the period: the quantity to price and the charges so far.</summary>
/// <param name="input">What is rated.</param>
/// <param name="reading">Up to which end of the line the account goes.</param>
/// <param name="quantity">The usage up to there.</param>
/// <param name="closesPeriod">Whether the account covers the whole served period, so that what depends on its end is due.</param>
/// <param name="explains">Whether charges are kept; without, only the total is.</param>
internal sealed class Tally(RatingInput input, Reading reading, decimal quantity, bool closesPeriod, bool explains)
{
    private const int InitialCapacity = 8;

    private readonly int digits = input.Currency.MinorUnitDigits;
    private readonly Money nothing = Money.Zero(input.Currency);
    private Charge[] charges = explains ? new Charge[InitialCapacity] : [];
    private int count;
    private List<UnpricedUsage>? unpriced;
    private string? scopeReference;
    private string? scopeName;

    public RatingInput Input => input;

    public bool ClosesPeriod => closesPeriod;

    /// <summary>The usage from the start of the served period that is left to price.</summary>
    public decimal Quantity { get; set; } = quantity;

    /// <summary>The sum of the rounded charges so far.</summary>
    public decimal Total { get; private set; }

    /// <summary>Which dimension values the charges are about; null outside dimensional prices.</summary>
    public string? Group { get; private set; }

    public ImmutableArray<Charge> Charges => ImmutableArray.Create(charges.AsSpan(0, count));

    public ImmutableArray<UnpricedUsage> Unpriced => unpriced is null ? [] : [.. unpriced];

    public bool HasUnpriced => unpriced is not null;

    /// <summary>How many transactions there were; null when the input does not tell.</summary>
    public decimal? TransactionCount => Input.Transactions == TransactionUsage.None ? null : At(Input.Transactions.Count);

    /// <summary>The amounts of the transactions; default when the input does not tell.</summary>
    public ImmutableArray<decimal> TransactionAmounts => Input.Transactions.AmountsAt(reading);

    public decimal At(Usage usage) => reading == Reading.End ? usage.Cumulative : usage.Prior;

    public decimal Converted(decimal metered) => Input.Terms.Conversion?.Apply(metered) ?? metered;

    public decimal Round(decimal amount) => Input.Rounding.Apply(amount, digits);

    /// <summary>Charges a quantity by another price, under a reference and a name of its own.</summary>
    public void ChargeWithin(Price price, decimal ofQuantity, string reference, string name, string? group)
    {
        var outer = (Quantity, scopeReference, scopeName, Group);
        (Quantity, scopeReference, scopeName, Group) = (ofQuantity, scopeReference + reference, scopeName + name, group);
        price.ChargeTo(this);
        (Quantity, scopeReference, scopeName, Group) = outer;
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
            ChildReference = scopeReference is null ? reference : scopeReference + reference,
            Name = scopeName is null ? name : scopeName + name,
            Rule = rule,
            Tier = tier,
            Group = Group,
            Quantity = quantity,
            UnitPrice = unitPrice,
            Exact = exact,
            PeriodExact = exact,
            BilledBefore = nothing,
            Amount = Money.OfWhole(rounded, Input.Currency),
        };
    }
}
