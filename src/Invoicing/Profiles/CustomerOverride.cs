using System.Collections.Immutable;
using System.Text.Json;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Invoicing.Profiles;

/// <summary>A customer's own choice of profile.</summary>
/// <param name="BillingProfileId">Null: whatever the default is.</param>
internal sealed record CustomerOverride(Guid CustomerId, Guid? BillingProfileId, Instant CreatedAt, Instant UpdatedAt)
{
    public const string SelectSql = """
        select customer_id as customerId, billing_profile_id as billingProfileId, created_at as createdAt, updated_at as updatedAt
        from invoicing.customer_override
        """;

    public static async Task<ImmutableDictionary<Guid, CustomerOverride>> OfAsync(
        DbSession session, ImmutableArray<Guid> customerIds, CancellationToken cancellationToken) =>
        (await session.QueryAsync<CustomerOverride>(
            SelectSql + " where customer_id = any(@ids)", new { ids = customerIds.ToArray() }, cancellationToken))
        .ToImmutableDictionary(one => one.CustomerId);
}

/// <summary>A customer's billing as the API shows it: what was chosen, and what follows from it.</summary>
internal sealed record CustomerOverrideView(
    OverrideValuesView? CustomerOverride, string BaseBillingProfileId, CustomerProfileView CustomerProfile, JsonElement? Customer)
{
    public static CustomerOverrideView Of(CustomerOverride? chosen, BillingProfile profile, bool withApps, JsonElement? customer) => new(
        chosen is null ? null : OverrideValuesView.Of(chosen), PublicId.Format(profile.Id),
        new CustomerProfileView(Invoices.PartyView.Of(profile.Id, profile.Supplier), profile.Workflow, SandboxApp.Apps(withApps)), customer);
}

internal sealed record OverrideValuesView(string CustomerId, string? BillingProfileId, Instant CreatedAt, Instant UpdatedAt)
{
    public static OverrideValuesView Of(CustomerOverride chosen) => new(
        PublicId.Format(chosen.CustomerId), chosen.BillingProfileId is { } id ? PublicId.Format(id) : null, chosen.CreatedAt, chosen.UpdatedAt);
}

internal sealed record CustomerProfileView(Invoices.PartyView Supplier, BillingWorkflow Workflow, AppsView Apps);
