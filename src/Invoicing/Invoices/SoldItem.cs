using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>What of a subscription a line bills.</summary>
/// <param name="BillingFrom">The start of the subscription's billing period in which the line's own period begins.</param>
/// <param name="BillingTo">Its end, exclusive.</param>
public sealed record SoldItem(Guid PhaseId, Guid ItemId, Instant BillingFrom, Instant BillingTo);
