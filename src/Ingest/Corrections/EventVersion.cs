using System.Text;
using Metering.Ingest.Events;
using NodaTime;

namespace Metering.Ingest.Corrections;

/// <summary>What a recorded event says at some point: as recorded, or as last corrected.</summary>
/// <param name="Batch">In which the event was recorded.</param>
/// <param name="RecordedTime">The event's time as it was recorded, by which its row is found.</param>
internal sealed record EventVersion(
    Guid Key, long Batch, Instant RecordedTime, Instant Time, string Type, string Subject, string Source, string Id, string? Data,
    string? Extensions, bool Voided)
{
    public UsageEvent ToEvent() => new(
        Id, Source, Type, Subject, Time, Data is null ? default : Encoding.UTF8.GetBytes(Data), Extensions, Key,
        EventIdentity.Payload(Type, Subject, Time, Data is null ? default : Encoding.UTF8.GetBytes(Data)));
}
