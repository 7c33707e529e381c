namespace Metering.Rating;

/// <summary>What happens to grants, in the order in which it happens when it happens at the same instant.</summary>
/// <remarks>
/// All of it belongs to the later phase. A grant that ends at a reset is over before it could roll over. One that recurs or begins at a reset
/// holds its full amount after it.
/// </remarks>
internal enum GrantEventKind
{
    /// <summary>A grant expires or is voided.</summary>
    Ends,

    /// <summary>All grants in force roll over.</summary>
    Resets,

    /// <summary>A grant is filled up again.</summary>
    Recurs,

    /// <summary>A grant becomes effective, or is found in force where measurement begins.</summary>
    Begins,
}
