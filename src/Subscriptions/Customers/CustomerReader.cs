using System.Collections.Immutable;
using Metering.Platform.Database;

namespace Metering.Subscriptions.Customers;

/// <summary>Finds customers for other modules.</summary>
public sealed class CustomerReader(MeteringDatabase database)
{
    /// <summary>By 26-character id or by key; null when there is none. Deleted customers are found by id only.</summary>
    public Task<CustomerAccount?> FindAsync(string idOrKey, CancellationToken cancellationToken) => throw new NotImplementedException($"{database}");

    public Task<CustomerAccount?> FindAsync(Guid id, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>The customer that a subject's usage belongs to.</summary>
    public Task<CustomerAccount?> FindBySubjectAsync(string subject, CancellationToken cancellationToken) => throw new NotImplementedException();
}
