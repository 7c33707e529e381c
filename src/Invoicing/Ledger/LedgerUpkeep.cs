using Metering.Platform.Clock;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>What the ledger does by itself: documents from before it are posted, fees become revenue, and what is posted is sealed.</summary>
public sealed class LedgerUpkeep(LedgerCatchUp catchUp, RevenueRecognition recognition, LedgerSealer sealer) : IDueWork
{
    public Task<Instant?> NextDueAsync(CancellationToken cancellationToken) => recognition.NextDueAsync(cancellationToken);

    public async Task RunDueAsync(Instant now, CancellationToken cancellationToken)
    {
        await catchUp.RunAsync(now, cancellationToken);
        await recognition.RunDueAsync(now, cancellationToken);
        await sealer.SealAsync(now, cancellationToken);
    }
}
