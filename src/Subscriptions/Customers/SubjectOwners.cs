using System.Collections.Immutable;
using Metering.Ingest.Subjects;
using Metering.Platform.Database;

namespace Metering.Subscriptions.Customers;

/// <summary>Tells metering whose subjects are whose: the subjects in use now. A deleted customer's are released and nobody's.</summary>
internal sealed class SubjectOwners(MeteringDatabase database) : ISubjectOwners
{
    public async Task<ImmutableArray<SubjectOwner>> OfCustomersAsync(
        IReadOnlyCollection<Guid> customerIds, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return [.. await session.QueryAsync<SubjectOwner>(OfCustomersSql, new { customerIds = customerIds.ToArray() }, cancellationToken)];
    }

    public async Task<ImmutableArray<SubjectOwner>> OfSubjectsAsync(
        IReadOnlyCollection<string> subjects, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return [.. await session.QueryAsync<SubjectOwner>(OfSubjectsSql, new { subjects = subjects.ToArray() }, cancellationToken)];
    }

    private const string OfCustomersSql = """
        select subject, customer_id as customerId
        from subscriptions.customer_subject
        where customer_id = any(@customerIds) and released_at is null
        """;

    private const string OfSubjectsSql = """
        select subject, customer_id as customerId
        from subscriptions.customer_subject
        where subject = any(@subjects) and released_at is null
        """;
}
