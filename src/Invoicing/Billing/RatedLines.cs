using System.Collections.Immutable;
using Metering.Invoicing.Invoices;

namespace Metering.Invoicing.Billing;

/// <summary>Lines with their charges, and what of their usage has no price.</summary>
/// <param name="Blocks">When there are any, the lines are not the whole truth and cannot be billed.</param>
public sealed record RatedLines(ImmutableArray<InvoiceLine> Lines, ImmutableArray<BlockReason> Blocks)
{
    /// <summary>
    /// Without lines that have not a single charge: a price that charges nothing for no usage says nothing. A line that charges zero for some
    /// usage stays: the reader is told what was included.
    /// </summary>
    public RatedLines WithoutSilentLines() => this with
    {
        Lines = [.. Lines.Where(line => !line.Charges.IsEmpty).Select((line, i) => line with { Position = i + 1 })],
    };
}
