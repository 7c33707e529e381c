namespace Metering.Rating;

/// <summary>What becomes of usage that no grant has covered when usage is reset. Always named; there is no default.</summary>
public enum OverageAtReset
{
    /// <summary>It is dropped; the new usage period owes nothing.</summary>
    Forgiven,

    /// <summary>It is carried into the new usage period and paid at once by what rolled over, recurred or became effective.</summary>
    Preserved,
}
