using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>What rating a line depends on beside the line: whose usage it is, and in which currency.</summary>
/// <param name="Plan">Which version of which plan priced the line; null for one written by hand.</param>
/// <param name="Prorates">Whether a fee is due for the served part of its period only.</param>
/// <param name="Calendar">The subscription's billing periods; null where a line has been made already or belongs to none.</param>
public sealed record LineContext(
    Currency Currency, ImmutableArray<string> SubjectKeys, bool Prorates, Guid? SubscriptionId = null, InvoicePlan? Plan = null,
    ServiceCalendar? Calendar = null)
{
    /// <summary>How much of a fee or a commitment a period that is served in part owes.</summary>
    public Proration Proration => Prorates ? Proration.ByTime : Proration.None;

    public static LineContext Of(BillableSubscription subscription) => new(
        subscription.Currency, subscription.Customer.SubjectKeys, subscription.ProratesFees, subscription.Id,
        new InvoicePlan(subscription.Plan.Id, subscription.Plan.Key, subscription.Plan.Name, subscription.Plan.Version),
        subscription.CalendarOf(subscription.BillingCadence));

    /// <summary>What is billed from <paramref name="at"/> on; null when that belongs to no subscription.</summary>
    public SoldItem? ItemAt(Guid phaseId, Guid itemId, Instant at)
    {
        if (Calendar is null || phaseId == default || itemId == default)
        {
            return null;
        }

        var period = Calendar.PeriodContaining(at);
        return new SoldItem(phaseId, itemId, period.Start, period.End);
    }

    /// <summary>Of a line that is stored and rated again.</summary>
    public static LineContext Of(Invoice invoice, InvoiceLine line) => new(
        invoice.Currency, invoice.Customer.SubjectKeys, line.Prorates, line.SubscriptionId,
        line.Plan);
}
