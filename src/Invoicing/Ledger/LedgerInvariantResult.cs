using System.Collections.Immutable;

namespace Metering.Invoicing.Ledger;

/// <summary>Whether an invariant holds now.</summary>
/// <param name="Violations">The first of them; none when it holds.</param>
public sealed record LedgerInvariantResult(string Name, string Statement, bool Holds, ImmutableArray<LedgerViolation> Violations);
