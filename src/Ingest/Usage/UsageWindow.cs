namespace Metering.Ingest.Usage;

/// <summary>The size of the steps of a usage query.</summary>
public enum UsageWindow
{
    Minute,
    Hour,
    Day,
    Month,
}
