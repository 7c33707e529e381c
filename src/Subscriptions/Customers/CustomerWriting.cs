using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary>The rows behind creating and replacing a customer.</summary>
internal static class CustomerWriting
{
    public static IResult KeyTaken() => Problem.Of(
        ProblemType.AlreadyExists, "Another customer has this key.", new FieldError("/key", "taken", "Another customer has this key."));

    /// <summary>Whether the key is free; the unique index has the last word.</summary>
    public static Task<bool> IsKeyTakenAsync(DbSession session, string key, Guid except, CancellationToken cancellationToken) =>
        session.SingleAsync<bool>(KeyTakenSql, new { key, except }, cancellationToken);

    /// <summary>Replaces the subjects of a customer. What is not empty belongs to another customer.</summary>
    public static async Task<IReadOnlyList<FieldError>> ReplaceSubjectsAsync(
        DbSession session, Guid customerId, CustomerBody body, CancellationToken cancellationToken)
    {
        var implied = body.SubjectKeys.IsEmpty;
        string[] subjects = implied ? [body.Key ?? PublicId.Format(customerId)] : [.. body.SubjectKeys];
        await session.ExecuteAsync(DeleteSubjectsSql, new { customerId }, cancellationToken);
        var inserted = (await session.QueryAsync<string>(InsertSubjectsSql, new { customerId, subjects, implied }, cancellationToken)).ToHashSet();
        return
        [
            .. subjects.Index().Where(subject => !inserted.Contains(subject.Item)).Select(subject => new FieldError(
                implied ? "/key" : $"/usageAttribution/subjectKeys/{subject.Index}", "taken", "Usage of this subject belongs to another customer.")),
        ];
    }

    /// <summary>The columns that a body sets, for insert and update alike.</summary>
    public static object Parameters(Guid id, CustomerBody body, string? currency, string kind, string level, Instant now) => new
    {
        id,
        body.Key,
        body.Name,
        body.Description,
        body.PrimaryEmail,
        currency,
        timeZone = body.Zone.Id,
        kind,
        level,
        billingAddress = body.BillingAddress is null ? null : Metadata.ToJson(body.BillingAddress),
        metadata = Metadata.ToJson(body.Metadata ?? Metadata.None),
        now,
    };

    private const string KeyTakenSql = """
        select exists (
            select from subscriptions.customer
            where key = @key and deleted_at is null and id <> @except
        )
        """;

    private const string DeleteSubjectsSql = "delete from subscriptions.customer_subject where customer_id = @customerId";

    private const string InsertSubjectsSql = """
        insert into subscriptions.customer_subject (customer_id, subject, position, implied)
        select @customerId, subject, position, @implied
        from unnest(@subjects) with ordinality as s (subject, position)
        on conflict do nothing
        returning subject
        """;
}
