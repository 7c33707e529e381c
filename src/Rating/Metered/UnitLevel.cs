namespace Metering.Rating;

/// <summary>Units that were in force together for a share of the full period; no share when time does not count.</summary>
internal readonly record struct UnitLevel(decimal Units, TimeShare? Share);
