using System.Collections.Immutable;
using Metering.Invoicing.Invoices;

namespace Metering.Invoicing.Billing;

/// <summary>Lines with their charges, and what of their usage has no price.</summary>
/// <param name="Blocks">When there are any, the lines are not the whole truth and cannot be billed.</param>
public sealed record RatedLines(ImmutableArray<InvoiceLine> Lines, ImmutableArray<BlockReason> Blocks);
