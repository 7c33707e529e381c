namespace Metering.Ingest.Events;

/// <summary>What a pass over a body is for.</summary>
internal enum EventReading
{
    /// <summary>Whether every event is well formed. Makes no events.</summary>
    Check,

    /// <summary>The events themselves, with their identity.</summary>
    Full,
}
