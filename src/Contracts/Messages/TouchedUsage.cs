using NodaTime;

namespace Metering.Contracts.Messages;

/// <summary>One meter and subject whose usage changed, with the span of the event times seen (both inclusive).</summary>
public sealed record TouchedUsage(string MeterSlug, string Subject, Instant Earliest, Instant Latest);
