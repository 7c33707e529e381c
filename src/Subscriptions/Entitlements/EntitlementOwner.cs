using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>Whose entitlements a path names: a customer by id or key or, in version 1 of the API, the customer a subject belongs to.</summary>
internal readonly record struct EntitlementOwner(string Name, bool IsSubject)
{
    public static EntitlementOwner Customer(string idOrKey) => new(idOrKey, IsSubject: false);

    public static EntitlementOwner Subject(string key) => new(key, IsSubject: true);

    /// <summary>Shown in version 1; null in version 2.</summary>
    public string? SubjectKey => IsSubject ? Name : null;

    public Task<CustomerRow?> FindAsync(DbSession session, CancellationToken cancellationToken) => IsSubject
        ? CustomerRow.FindBySubjectAsync(session, Name, cancellationToken)
        : CustomerRow.FindAsync(session, Name, cancellationToken);

    /// <summary>Locked until the transaction ends, as for every change to what a customer may do.</summary>
    public async Task<CustomerRow?> FindForChangeAsync(DbSession session, CancellationToken cancellationToken) =>
        await FindAsync(session, cancellationToken) is { } found
            ? await CustomerRow.FindForChangeAsync(session, PublicId.Format(found.Id), cancellationToken)
            : null;

    public IResult NotFound() => Problem.NotFound(IsSubject ? "subject" : "customer", Name);

    /// <summary>The entitlement, or why there is none.</summary>
    public async Task<(EntitlementRow? Entitlement, IResult? NotFound)> EntitlementAsync(
        DbSession session, string idOrFeatureKey, Instant at, CancellationToken cancellationToken)
    {
        if (await FindAsync(session, cancellationToken) is not { } customer)
        {
            return (null, NotFound());
        }

        return await EntitlementRow.FindOfCustomerAsync(session, customer.Id, idOrFeatureKey, at, cancellationToken) is { } entitlement
            ? (entitlement, null)
            : (null, Problem.NotFound("entitlement", idOrFeatureKey));
    }

    /// <summary>As <see cref="EntitlementAsync"/>, with the customer and the entitlement locked.</summary>
    public async Task<(EntitlementRow? Entitlement, IResult? NotFound)> EntitlementForChangeAsync(
        DbSession session, string idOrFeatureKey, Instant now, CancellationToken cancellationToken)
    {
        if (await FindForChangeAsync(session, cancellationToken) is not { } customer)
        {
            return (null, NotFound());
        }

        if (await EntitlementRow.FindOfCustomerAsync(session, customer.Id, idOrFeatureKey, now, cancellationToken) is not { } found)
        {
            return (null, Problem.NotFound("entitlement", idOrFeatureKey));
        }

        await EntitlementRow.LockAsync(session, found.Id, cancellationToken);
        return (await EntitlementRow.FindAsync(session, found.Id, cancellationToken), null);
    }
}
