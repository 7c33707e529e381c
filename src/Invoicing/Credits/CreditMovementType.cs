namespace Metering.Invoicing.Credits;

/// <summary>What moved credit.</summary>
internal enum CreditMovementType
{
    /// <summary>A grant became effective.</summary>
    Funded,

    /// <summary>It paid a line; above zero when the document was voided and the credit came back.</summary>
    Consumed,

    /// <summary>Time ran out before it was used: breakage.</summary>
    Expired,

    Voided,
}
