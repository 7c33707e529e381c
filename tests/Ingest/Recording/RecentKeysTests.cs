using Metering.Ingest.Recording;
using Xunit;

namespace Metering.Ingest.Tests.Recording;

public sealed class RecentKeysTests
{
    private const int Slots = 1 << 8;

    [Fact]
    public void A_key_is_remembered_from_when_it_entered()
    {
        var recent = new RecentKeys(Slots);
        Assert.False(recent.Enter(Key(1)));
        Assert.True(recent.Enter(Key(1)));
        Assert.False(recent.Enter(Key(2)));
    }

    [Fact]
    public void As_many_keys_as_one_generation_holds_are_never_forgotten()
    {
        var recent = new RecentKeys(Slots);
        for (var i = 0; i < 5 * Slots; i++)
        {
            recent.Enter(Key(i));
            Assert.True(i < Slots / 2 || recent.Enter(Key(i - (Slots / 2))), $"{i}");
        }
    }

    [Fact]
    public void What_two_generations_ago_entered_is_forgotten_so_that_memory_is_bounded()
    {
        var recent = new RecentKeys(Slots);
        for (var i = 0; i < 3 * Slots; i++)
        {
            recent.Enter(Key(i));
        }

        Assert.False(recent.Enter(Key(0)));
    }

    [Fact]
    public void A_key_that_ends_in_zeros_is_one_like_others()
    {
        var recent = new RecentKeys(Slots);
        Assert.False(recent.Enter(Guid.Empty));
        Assert.True(recent.Enter(Guid.Empty));
    }

    /// <summary>All with the same beginning, as keys of one ten minutes have.</summary>
    private static Guid Key(int number) => Events.EventKeys.Of($"{number}");
}
