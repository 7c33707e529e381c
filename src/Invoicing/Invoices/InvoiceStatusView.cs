using System.Collections.Immutable;
using Metering.Invoicing.Lifecycle;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>Where the document stands and what can be done with it now.</summary>
internal sealed record InvoiceStatusView(
    bool Immutable, bool Failed, string ExtendedStatus, ImmutableSortedDictionary<string, ResultingStateView> AvailableActions)
{
    private static readonly ImmutableArray<(InvoiceAction Action, string Name)> Actions =
    [
        (InvoiceAction.Advance, "advance"), (InvoiceAction.Approve, "approve"), (InvoiceAction.Delete, "delete"), (InvoiceAction.Retry, "retry"),
        (InvoiceAction.SnapshotQuantities, "snapshotQuantities"), (InvoiceAction.Void, "void"), (InvoiceAction.Invoice, "invoice"),
    ];

    public static InvoiceStatusView Of(Invoice invoice, Instant now)
    {
        var facts = InvoiceFacts.Of(invoice, now);
        return new InvoiceStatusView(
            invoice.IsIssued || invoice.State == InvoiceState.Deleted,
            invoice.State is InvoiceState.DraftInvalid or InvoiceState.PaymentProcessingFailed, invoice.State.NameOf(),
            Available(invoice.State, facts).ToImmutableSortedDictionary(one => one.Name, one => one.View, StringComparer.Ordinal));
    }

    /// <summary>In words, for a refusal.</summary>
    public static string AvailableIn(Invoice invoice, Instant now)
    {
        var names = Available(invoice.State, InvoiceFacts.Of(invoice, now)).Select(one => one.Name).Order(StringComparer.Ordinal).ToArray();
        return names.Length == 0 ? "no action is available" : $"available: {string.Join(", ", names)}";
    }

    private static IEnumerable<(string Name, ResultingStateView View)> Available(InvoiceState state, InvoiceFacts facts) =>
        from one in Actions
        let resulting = InvoiceLifecycle.RestAfter(state, one.Action, facts)
        where resulting is not null
        select (one.Name, one.Action == InvoiceAction.Invoice ? new ResultingStateView(null) : new ResultingStateView(resulting.Value.NameOf()));
}

/// <param name="ResultingState">Where the invoice comes to rest if nothing else changes.</param>
internal sealed record ResultingStateView(string? ResultingState);
