using System.Collections.Immutable;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Invoicing.Profiles;

/// <summary>
/// The one app there is: OpenMeter's profiles name apps for tax, invoicing and payment, and Metering does all three itself.
/// </summary>
internal static class SandboxApp
{
    private static readonly Instant Since = Instant.FromUtc(2020, 1, 1, 0, 0);

    public static readonly string Id = PublicId.Format(new Guid("01900000-0000-7000-8000-000000000002"));

    public static AppView View { get; } = new(
        Id, "sandbox", "Metering", "ready", Since, Since,
        new ListingView(
            "sandbox", "Metering", "Calculates tax by the tax codes, issues the documents, and takes payments as they are entered.",
            [
                new CapabilityView("calculateTax", "calculate_tax", "Tax", "Calculates tax by the rates of the tax codes."),
                new CapabilityView("invoiceCustomers", "invoice_customers", "Documents", "Issues documents as HTML, PDF, CSV and JSON."),
                new CapabilityView("collectPayments", "collect_payments", "Payments", "Keeps the payments that are entered."),
            ],
            ["no_credentials_required"]));

    /// <summary>For tax, invoicing and payment alike.</summary>
    public static AppsView Apps(bool expanded)
    {
        var one = expanded ? View : new AppView(Id);
        return new AppsView(one, one, one);
    }
}

internal sealed record AppsView(AppView Tax, AppView Invoicing, AppView Payment);

/// <summary>An app: its id, and all of it when that is asked for.</summary>
internal sealed record AppView(
    string Id, string? Type = null, string? Name = null, string? Status = null, Instant? CreatedAt = null, Instant? UpdatedAt = null,
    ListingView? Listing = null);

internal sealed record ListingView(
    string Type, string Name, string Description, ImmutableArray<CapabilityView> Capabilities, ImmutableArray<string> InstallMethods);

internal sealed record CapabilityView(string Type, string Key, string Name, string Description);
