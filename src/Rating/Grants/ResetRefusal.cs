namespace Metering.Rating;

/// <summary>Why usage cannot be reset at an instant. The first that applies is the answer.</summary>
public enum ResetRefusal
{
    /// <summary>The instant has not come yet.</summary>
    InTheFuture,

    /// <summary>Nothing was measured yet.</summary>
    BeforeMeasurement,

    /// <summary>The usage period of that instant is closed.</summary>
    BeforeCurrentPeriod,

    /// <summary>Usage already counts from this very instant.</summary>
    AtLastReset,
}
