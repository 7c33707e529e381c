namespace Metering.Rating;

/// <summary>Why the balance of a grant changed at an instant, other than by usage in the course of a segment.</summary>
public enum GrantMovementKind
{
    /// <summary>It became effective, was found in force where measurement began, or recurred: plus the full amount.</summary>
    Granted,

    /// <summary>A reset raised it to its minimum rollover: plus.</summary>
    RaisedAtReset,

    /// <summary>It paid overage that was there before it: minus.</summary>
    PaidOverage,

    /// <summary>It expired with something left: minus.</summary>
    Expired,

    /// <summary>It was voided with something left: minus.</summary>
    Voided,

    /// <summary>A reset cut it to its maximum rollover: minus.</summary>
    ForfeitedAtReset,

    /// <summary>It recurred with something left, which the full amount replaces: minus.</summary>
    ForfeitedAtRecurrence,
}
