namespace Metering.Rating;

/// <summary>What a charge is to the reader of an invoice.</summary>
public enum ChargeKind
{
    /// <summary>Paid for using: units, packages, the flat amount of a tier.</summary>
    Usage,

    /// <summary>Paid for the period: a flat price.</summary>
    Fee,

    /// <summary>Taken off: a negative amount.</summary>
    Discount,

    /// <summary>Paid because a minimum was agreed.</summary>
    Commitment,
}
