using System.Collections.Immutable;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;

namespace Metering.Ingest.Subjects;

/// <summary>Customers named in a request, as the subjects whose usage is theirs.</summary>
internal static class CustomerSubjects
{
    private const int MaxCustomers = 100;

    /// <param name="customerIds">As they were sent.</param>
    /// <param name="pointer">Where they stood.</param>
    /// <returns>What is wrong with them, or null and the subjects.</returns>
    public static async Task<(FieldError? Error, ImmutableArray<string> Subjects)> ReadAsync(
        IReadOnlyList<string> customerIds, string pointer, ISubjectOwners owners, CancellationToken cancellationToken)
    {
        if (customerIds.Count > MaxCustomers)
        {
            return (new FieldError(pointer, "too_many", $"At most {MaxCustomers} customers are named."), []);
        }

        var ids = new HashSet<Guid>();
        foreach (var text in customerIds)
        {
            if (!PublicId.TryParse(text, out var id))
            {
                return (new FieldError(pointer, "invalid_id", "A customer is named by its id of 26 characters."), []);
            }

            ids.Add(id);
        }

        var owned = await owners.OfCustomersAsync(ids, cancellationToken);
        return ids.Except(owned.Select(owner => owner.CustomerId)).Any()
            ? (new FieldError(pointer, "unknown_customer", "There is no such customer."), [])
            : (null, [.. owned.Select(owner => owner.Subject)]);
    }
}
