using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Time;

namespace Metering.EnforcementSidecar.Access;

/// <summary>
/// Applies the messages of the snapshot stream, from the network or from disk. A full snapshot is built aside and swapped in
/// when it is complete, so that no check ever sees half of one.
/// </summary>
internal sealed class AccessState(
    CustomerCompiler compiler, LeaseBroker broker, ProductTime time, SidecarCount sidecars, TimeProvider monotonic)
{
    /// <summary>Access that nobody has confirmed for this long is no ground for a decision any more.</summary>
    public static readonly TimeSpan MaxStaleness = TimeSpan.FromHours(24);

    private readonly KnownKeys keys = new();
    private AccessDirectory? current;
    private AccessDirectory? building;
    private long confirmedAt;

    /// <summary>Null until a snapshot is known, and again when it is too old.</summary>
    public AccessDirectory? Current =>
        Known is { } directory && monotonic.GetElapsedTime(Volatile.Read(ref confirmedAt)) < MaxStaleness ? directory : null;

    /// <summary>False while decisions go by what was last known.</summary>
    public bool IsHeardFrom => monotonic.GetElapsedTime(Volatile.Read(ref confirmedAt)) < SnapshotFollower.MaxSilence;

    /// <summary>However old; what was reserved under it can still be signed and settled.</summary>
    public AccessDirectory? Known => Volatile.Read(ref current);

    /// <summary>Everything up to here is known; 0 when nothing is.</summary>
    public long Version { get; private set; }

    public int Customers => Known?.Count ?? 0;

    public void Begin(SnapshotBegins begins)
    {
        if (begins.Format > SnapshotBegins.CurrentFormat)
        {
            throw new FormatException(
                $"the snapshot is of format {begins.Format} and this sidecar knows {SnapshotBegins.CurrentFormat}: it has to be updated");
        }

        var key = Convert.FromBase64String(begins.ReservationKey ?? throw new FormatException("the snapshot has no reservation key"));
        if (begins.Full || current is null)
        {
            building = new AccessDirectory(key, keys);
        }
        else if (!key.AsSpan().SequenceEqual(current.ReservationKey))
        {
            throw new FormatException("the reservation key changed without a full snapshot");
        }
    }

    public void Change(CustomerChanged changed)
    {
        if (changed.Customer is not { CustomerId: not null, Subject: not null })
        {
            throw new FormatException("a customer in the snapshot has no id or no subject");
        }

        Change(changed.Version, compiler.Draft(changed.Customer));
    }

    public void Change(long version, in CustomerDraft draft)
    {
        var directory = building ?? current ?? throw new FormatException("a change came before any snapshot");
        var previous = directory.FindById(draft.Id) ?? current?.FindById(draft.Id);
        var customer = compiler.Compile(draft, previous);
        directory.Put(customer);
        Version = building is null ? version : Version;
        if (previous is not null)
        {
            Reconsider(previous, customer);
        }

        SidecarMetrics.SnapshotChanges.Add(1);
    }

    /// <param name="age">How long ago Host said this; zero when it says it now.</param>
    public void End(SnapshotEnds ends, TimeSpan age)
    {
        if (building is not null)
        {
            Volatile.Write(ref current, building);
            building = null;
        }

        Version = ends.Version;
        Confirm(age);
    }

    public void Apply(Heartbeat heartbeat)
    {
        sidecars.Active = heartbeat.ActiveSidecars;
        time.Apply(heartbeat);
    }

    public void Confirm(TimeSpan age) =>
        Volatile.Write(ref confirmedAt, monotonic.GetTimestamp() - (long)(age.TotalSeconds * monotonic.TimestampFrequency));

    /// <summary>The stream broke in the middle of a full snapshot: what was known before stays.</summary>
    public void Abandon() => building = null;

    private void Reconsider(CustomerEntry previous, CustomerEntry customer)
    {
        foreach (var feature in previous.Features)
        {
            ReconsiderCredit(feature, customer);
            if (feature.Quota is not { } quota || broker.Find(quota.EntitlementId) is not { } account)
            {
                continue;
            }

            // Units of what is no longer allowed go back at once: Host grants nothing to anyone as long as too much is out.
            account.Forget();
            var limit = customer.Features.FirstOrDefault(now => now.Quota?.EntitlementId == quota.EntitlementId)?.Quota?.Limit;
            if (limit is null || limit < quota.Limit)
            {
                account.Retire();
            }
        }
    }

    /// <summary>A top-up is there at once; of credit that fell what lies here goes back, because others may need it.</summary>
    private void ReconsiderCredit(FeatureGate before, CustomerEntry customer)
    {
        if (before.Credit is not { } credit || broker.Find(credit.CreditId) is not { } account)
        {
            return;
        }

        account.Forget();
        var limit = customer.Features.FirstOrDefault(now => now.Credit?.CreditId == credit.CreditId)?.Credit?.Limit;
        if (limit is null || limit < credit.Limit)
        {
            account.Retire();
        }
    }
}
