using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Tests.Support;
using NodaTime;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Leases;

public sealed class LeaseSlotsTests
{
    private readonly string path = Path.Combine(Directory.CreateTempSubdirectory("metering-slots-").FullName, "leases");

    private static Lease Opened(LeaseSlots slots, string id, long granted)
    {
        var lease = slots.TryCreate(id, 0)!;
        lease.Open(granted, Instant.MinValue, Instant.MaxValue, long.MaxValue, long.MaxValue);
        return lease;
    }

    [Fact]
    public void What_was_spent_is_found_by_the_next_process_and_a_freed_slot_is_not()
    {
        var (spent, asked, freed) = (Some.Id(), Some.Id(), Some.Id());
        using (var slots = LeaseSlots.Open(path, "boot"))
        {
            Assert.True(Opened(slots, spent, 10).TrySpend(7, Some.Start, TimeProvider.System));
            slots.TryCreate(asked, 0);
            slots.Free(Opened(slots, freed, 5).Slot);
        }

        using var next = LeaseSlots.Open(path, "boot");
        Assert.Equal([(spent, 7L), (asked, 0L)], next.Found.Select(found => (found.LeaseId, found.Spent)));
    }

    [Fact]
    public void After_a_restart_of_the_machine_the_counters_are_not_believed()
    {
        using (var slots = LeaseSlots.Open(path, "boot"))
        {
            Opened(slots, Some.Id(), 10).TrySpend(7, Some.Start, TimeProvider.System);
        }

        using var next = LeaseSlots.Open(path, "another boot");
        Assert.Empty(next.Found);
    }

    [Fact]
    public void A_sealed_lease_admits_nothing_and_keeps_its_count()
    {
        using var slots = LeaseSlots.Open(path, "boot");
        var lease = Opened(slots, Some.Id(), 10);
        Assert.True(lease.TrySpend(4, Some.Start, TimeProvider.System));
        Assert.False(lease.TrySpend(7, Some.Start, TimeProvider.System));
        Assert.Equal(6, lease.Remaining);

        Assert.Equal(4, lease.Seal());
        Assert.Equal(4, lease.Seal());
        Assert.False(lease.TrySpend(1, Some.Start, TimeProvider.System));
        Assert.Equal(0, lease.Remaining);
    }

    [Fact]
    public void A_lease_whose_slot_is_used_again_can_not_spend_from_its_successor()
    {
        using var slots = LeaseSlots.Open(path, "boot");
        var first = Opened(slots, Some.Id(), 10);
        slots.Free(first.Slot);
        Lease second;
        do
        {
            second = Opened(slots, Some.Id(), 10);
            if (second.Slot != first.Slot)
            {
                slots.Free(second.Slot);
            }
        }
        while (second.Slot != first.Slot);

        Assert.False(first.TrySpend(1, Some.Start, TimeProvider.System));
        Assert.Equal(10, second.Remaining);
    }

    [Fact]
    public async Task Many_threads_spend_exactly_what_was_granted()
    {
        using var slots = LeaseSlots.Open(path, "boot");
        var lease = Opened(slots, Some.Id(), 10_000);
        var spent = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            var mine = 0;
            while (lease.TrySpend(1, Some.Start, TimeProvider.System))
            {
                mine++;
            }

            return mine;
        })));

        Assert.Equal(10_000, spent.Sum());
        Assert.Equal(10_000, lease.Spent);
    }

    [Fact]
    public void Two_sidecars_can_not_share_a_data_directory()
    {
        using var slots = LeaseSlots.Open(path, "boot");
        Assert.Throws<IOException>(() => LeaseSlots.Open(path, "boot"));
    }

    [Fact]
    public void A_lease_is_spent_within_its_period_and_its_lifetime_only()
    {
        using var slots = LeaseSlots.Open(path, "boot");
        var lease = slots.TryCreate(Some.Id(), 0)!;
        lease.Open(10, Some.Start, Some.Start + Duration.FromDays(1), long.MaxValue, long.MaxValue);
        Assert.False(lease.TrySpend(1, Some.Start - Duration.FromTicks(10), TimeProvider.System));
        Assert.True(lease.TrySpend(1, Some.Start, TimeProvider.System));
        Assert.False(lease.TrySpend(1, Some.Start + Duration.FromDays(1), TimeProvider.System));

        var late = slots.TryCreate(Some.Id(), 0)!;
        late.Open(10, Instant.MinValue, Instant.MaxValue, TimeProvider.System.GetTimestamp(), 0);
        Assert.False(late.TrySpend(1, Some.Start, TimeProvider.System));
    }
}
