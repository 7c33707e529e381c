namespace Metering.Subscriptions.Leases;

/// <summary>What is free of an account from which several locked pools are filled: what one takes the others do not have.</summary>
internal sealed class SharedCredit(long free)
{
    public long Free { get; private set; } = free;

    public void Take(long units) => Free -= units;
}
