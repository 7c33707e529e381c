using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Invoicing.Profiles;

/// <summary>A billing profile as the API shows it.</summary>
internal sealed record ProfileView(
    string Id,
    string Name,
    string? Description,
    ImmutableSortedDictionary<string, string>? Metadata,
    bool Default,
    PartyView Supplier,
    BillingWorkflow Workflow,
    AppsView Apps,
    string NumberSeries,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? DeletedAt)
{
    public static ProfileView Of(BillingProfile profile, bool withApps = false) => new(
        PublicId.Format(profile.Id), profile.Name, profile.Description, profile.Metadata.IsEmpty ? null : profile.Metadata, profile.IsDefault,
        PartyView.Of(profile.Id, profile.Supplier), profile.Workflow, SandboxApp.Apps(withApps), profile.NumberSeries, profile.CreatedAt,
        profile.UpdatedAt, profile.ArchivedAt);

    public static EntityTag TagOf(BillingProfile profile) => EntityTag.Of(Of(profile));
}
