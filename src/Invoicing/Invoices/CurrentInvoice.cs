using Metering.Invoicing.Lifecycle;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>
/// An invoice as it is to be shown: what is still collected is counted and rated anew, so that a gathering invoice tells what it would come to.
/// </summary>
internal sealed class CurrentInvoice(MeteringDatabase database, InvoiceEngine engine)
{
    /// <returns>As stored, and as it is to be shown; null when there is none.</returns>
    public async Task<(Invoice Stored, Invoice Shown)?> FindAsync(
        string idOrNumber, bool withDeletedLines, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if (await InvoiceReader.FindAsync(session, idOrNumber, withDeletedLines: false, cancellationToken) is not { } stored)
        {
            return null;
        }

        var shown = stored.State is InvoiceState.Gathering or InvoiceState.DraftWaitingForCollection
            ? await engine.PreviewAsync(session, stored, now, cancellationToken)
            : stored;
        if (!withDeletedLines)
        {
            return (stored, shown);
        }

        // What was taken off is shown behind the rest and is in no sum.
        var all = await InvoiceReader.FindAsync(session, idOrNumber, withDeletedLines: true, cancellationToken);
        return (stored, shown with { Lines = [.. shown.Lines, .. all!.Lines.Where(line => line.DeletedAt is not null)] });
    }
}
