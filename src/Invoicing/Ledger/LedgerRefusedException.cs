namespace Metering.Invoicing.Ledger;

/// <summary>The ledger did not take what was posted; the database transaction is to be rolled back. A bug of whoever posted.</summary>
public sealed class LedgerRefusedException : Exception
{
    private LedgerRefusedException(string message, Exception cause)
        : base(message, cause)
    {
    }

    /// <summary>The key that was posted before with other content; null when it is something else.</summary>
    public string? TakenKey { get; private init; }

    /// <summary>The account that must not be overdrawn; null when it is something else.</summary>
    public string? OverdrawnAccount { get; private init; }

    internal static LedgerRefusedException KeyTaken(string? key, Exception cause) =>
        new($"The key {key} was posted before with another payload.", cause) { TakenKey = key };

    internal static LedgerRefusedException Overdrawn(string? account, Exception cause) =>
        new($"The account {account} would be overdrawn.", cause) { OverdrawnAccount = account };
}
