namespace Metering.Platform.Database;

/// <summary>What goes along with every transaction of one request, and is true if and only if the transaction is committed.</summary>
internal interface ITransactionCompanion
{
    /// <summary>The transaction has begun and has done nothing yet.</summary>
    Task BegunAsync(DbSession session, CancellationToken cancellationToken);

    /// <summary>The work is done and about to be committed; what is written now is committed with it.</summary>
    Task CommittingAsync(DbSession session, CancellationToken cancellationToken);

    /// <summary>The transaction is over.</summary>
    void Ended(DbSession session, bool committed);
}
