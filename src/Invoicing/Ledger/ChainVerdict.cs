namespace Metering.Invoicing.Ledger;

/// <summary>What walking the chain has come to.</summary>
/// <param name="Head">The last block that holds; null when nothing is sealed.</param>
/// <param name="Sealed">Transactions in blocks that hold.</param>
/// <param name="Unsealed">Transactions behind the last block, which say what they said when they were posted.</param>
/// <param name="Break">Where it breaks first; null when it holds.</param>
public sealed record ChainVerdict(ChainHead? Head, long Sealed, long Unsealed, string? Break);
