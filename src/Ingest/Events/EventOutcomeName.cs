namespace Metering.Ingest.Events;

/// <summary>The outcomes as answers name them.</summary>
internal static class EventOutcomeName
{
    public static string Of(EventOutcome outcome) => outcome switch
    {
        EventOutcome.Rejected => "rejected",
        EventOutcome.Conflict => "conflict",
        EventOutcome.Duplicate => "duplicate",
        EventOutcome.Accepted => "accepted",
    };
}
