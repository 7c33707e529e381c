namespace Metering.Rating;

/// <summary>Where the amount of one grant went in the course of a run.</summary>
/// <remarks>The law: <c>Opening + Granted = Used + Expired + Voided + Forfeited + Closing</c>, exactly. No term is negative.</remarks>
public sealed record GrantAccount
{
    /// <summary>Which grant.</summary>
    public required string GrantId { get; init; }

    /// <summary>The balance in the starting snapshot; zero in a run from the beginning.</summary>
    public required decimal Opening { get; init; }

    /// <summary>Its amount each time it began or recurred, and what resets raised it by.</summary>
    public required decimal Granted { get; init; }

    /// <summary>Burnt by usage, overage that it paid included.</summary>
    public required decimal Used { get; init; }

    /// <summary>Left when it expired.</summary>
    public required decimal Expired { get; init; }

    /// <summary>Left when it was voided.</summary>
    public required decimal Voided { get; init; }

    /// <summary>Cut off at resets, or left when it recurred.</summary>
    public required decimal Forfeited { get; init; }

    /// <summary>The balance at the end of the run.</summary>
    public required decimal Closing { get; init; }
}
