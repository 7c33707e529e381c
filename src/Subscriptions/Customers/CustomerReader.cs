using Metering.Platform.Database;

namespace Metering.Subscriptions.Customers;

/// <summary>Finds customers for other modules.</summary>
public sealed class CustomerReader(MeteringDatabase database)
{
    /// <summary>By 26-character id or by key; null when there is none. Deleted customers are found by id only.</summary>
    public async Task<CustomerAccount?> FindAsync(string idOrKey, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return (await CustomerRow.FindAsync(session, idOrKey, cancellationToken))?.ToAccount();
    }

    public async Task<CustomerAccount?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return (await CustomerRow.FindAsync(session, id, cancellationToken))?.ToAccount();
    }

    /// <summary>The customer that a subject's usage belongs to.</summary>
    public async Task<CustomerAccount?> FindBySubjectAsync(string subject, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return (await CustomerRow.FindBySubjectAsync(session, subject, cancellationToken))?.ToAccount();
    }
}
