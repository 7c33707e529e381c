using System.Collections.Immutable;

namespace Metering.Ingest.Subjects;

/// <summary>
/// Whose usage a subject's is. This module knows subjects only; the one that knows customers says whose they are, as of now.
/// </summary>
public interface ISubjectOwners
{
    /// <summary>The subjects of these customers. A customer that does not exist, or is deleted, has none.</summary>
    Task<ImmutableArray<SubjectOwner>> OfCustomersAsync(IReadOnlyCollection<Guid> customerIds, CancellationToken cancellationToken);

    /// <summary>Those of the subjects that belong to a customer, each once.</summary>
    Task<ImmutableArray<SubjectOwner>> OfSubjectsAsync(IReadOnlyCollection<string> subjects, CancellationToken cancellationToken);
}
