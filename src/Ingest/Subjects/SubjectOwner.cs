namespace Metering.Ingest.Subjects;

/// <summary>A subject and the one customer whose usage its usage is.</summary>
public sealed record SubjectOwner(string Subject, Guid CustomerId);
