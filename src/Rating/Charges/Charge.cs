namespace Metering.Rating;

/// <summary>One explained amount: what was counted, at which price, by which rule, and how it was rounded.</summary>
/// <remarks>
/// <para>
/// Rounding is cumulative over the service period: <c>Amount = PeriodExact.Round(rounding) − BilledBefore</c>. On the first or only line of
/// a period nothing was billed before, and the amount simply is the exact amount rounded. On later lines this settles what earlier
/// roundings left over, so that the lines of a period sum to what one line for the whole period would have said, to the cent.
/// </para>
/// </remarks>
public sealed record Charge
{
    /// <summary>
    /// Names the charge within its line, the same for every recalculation, such as <c>graduated-tier-2-unit</c>. Unique within a
    /// <see cref="RatingResult"/>.
    /// </summary>
    public required string ChildReference { get; init; }

    /// <summary>For people: <c>Tier 2 (over 2,000,000 up to 10,000,000)</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Which rule made the charge.</summary>
    public required ChargeRule Rule { get; init; }

    /// <summary>The tier, for rules that have tiers.</summary>
    public TierBounds? Tier { get; init; }

    /// <summary>Which dimension values it is about: <c>model gpt-4o, token_type input</c>; null outside dimensional prices.</summary>
    public string? Group { get; init; }

    /// <summary>How many units, packages or fees this line charges; 1 for discounts, minimums and bounds.</summary>
    public required decimal Quantity { get; init; }

    /// <summary>
    /// The price of one, in major units and full precision. For a prorated fee: the full fee. For discounts and minimums: the exact amount.
    /// </summary>
    public required decimal UnitPrice { get; init; }

    /// <summary>This line's amount before rounding.</summary>
    public required ExactAmount Exact { get; init; }

    /// <summary>
    /// The amount before rounding of the service period up to the end of this line; equal to <see cref="Exact"/> when nothing was billed before.
    /// </summary>
    public required ExactAmount PeriodExact { get; init; }

    /// <summary>What earlier lines of the service period billed under the same reference.</summary>
    public required Money BilledBefore { get; init; }

    /// <summary>What this line charges. Negative for discounts, and for corrections of what was billed before.</summary>
    public required Money Amount { get; init; }

    /// <summary>What the charge is to the reader of an invoice; follows from <see cref="Rule"/>.</summary>
    public ChargeKind Kind => Rule switch
    {
        ChargeRule.FlatFee => ChargeKind.Fee,
        ChargeRule.PerUnit => ChargeKind.Usage,
        ChargeRule.Package => ChargeKind.Usage,
        ChargeRule.GraduatedTierUnit => ChargeKind.Usage,
        ChargeRule.GraduatedTierFlat => ChargeKind.Usage,
        ChargeRule.VolumeTierUnit => ChargeKind.Usage,
        ChargeRule.VolumeTierFlat => ChargeKind.Usage,
        ChargeRule.IncludedUsage => ChargeKind.Usage,
        ChargeRule.PercentageOfAmount => ChargeKind.Usage,
        ChargeRule.FreeAmount => ChargeKind.Usage,
        ChargeRule.TransactionFee => ChargeKind.Usage,
        ChargeRule.TransactionMinimum => ChargeKind.Usage,
        ChargeRule.TransactionMaximum => ChargeKind.Usage,
        ChargeRule.GraduatedPercentageRate => ChargeKind.Usage,
        ChargeRule.GraduatedPercentageFlat => ChargeKind.Usage,
        ChargeRule.CostMultiple => ChargeKind.Usage,
        ChargeRule.CostMarkup => ChargeKind.Usage,
        ChargeRule.PercentageDiscount => ChargeKind.Discount,
        ChargeRule.MaximumSpend => ChargeKind.Discount,
        ChargeRule.MinimumSpend => ChargeKind.Commitment,
    };

    /// <summary>Whether <see cref="Quantity"/> counts metered units: the quantities of these charges sum to the line's billable usage.</summary>
    public bool CountsUnits => Rule
        is ChargeRule.PerUnit
        or ChargeRule.GraduatedTierUnit
        or ChargeRule.VolumeTierUnit
        or ChargeRule.IncludedUsage
        or ChargeRule.PercentageOfAmount
        or ChargeRule.FreeAmount
        or ChargeRule.GraduatedPercentageRate
        or ChargeRule.CostMultiple;

    /// <summary>A discount, a minimum or a bound stays one, only its amount moves; units, packages and fees are counted.</summary>
    internal bool IsOneAmount => Kind is ChargeKind.Discount or ChargeKind.Commitment
        || Rule is ChargeRule.TransactionMinimum or ChargeRule.TransactionMaximum;
}
