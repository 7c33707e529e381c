namespace Metering.Ingest.Events;

/// <summary>The attributes that an event has to have.</summary>
[Flags]
internal enum EventAttributes
{
    None = 0,
    Id = 1,
    Source = 2,
    Type = 4,
    Subject = 8,
    SpecVersion = 16,
}
