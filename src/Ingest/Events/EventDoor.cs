using Metering.Ingest.Quotas;
using Metering.Ingest.Recording;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>What a request with events has to pass: its key's quota, room for its body, what is asked of events, and who takes them over.</summary>
internal sealed record EventDoor(IngestQuotas Quotas, BodyRoom Room, EventValidation Validation, IEventAcceptance Acceptance, IClock Clock);
