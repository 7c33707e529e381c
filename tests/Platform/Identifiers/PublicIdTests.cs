using Metering.Platform.Identifiers;
using NodaTime;
using Xunit;

namespace Metering.Platform.Tests.Identifiers;

public sealed class PublicIdTests
{
    private static readonly Instant Now = Instant.FromUtc(2026, 1, 15, 9, 0);

    [Fact]
    public void Ids_of_one_instant_sort_in_the_order_in_which_they_were_made()
    {
        var ids = Enumerable.Range(0, 20_000).Select(_ => PublicId.Format(PublicId.New(Now))).ToList();
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public void An_id_survives_the_way_out_and_back()
    {
        for (var i = 0; i < 1_000; i++)
        {
            var id = PublicId.New(Now + Duration.FromMilliseconds(i * 997L));
            var text = PublicId.Format(id);
            Assert.Equal(PublicId.Length, text.Length);
            Assert.True(PublicId.TryParse(text, out var back));
            Assert.Equal(id, back);
            Assert.True(PublicId.TryParse(text.ToLowerInvariant(), out back));
            Assert.Equal(id, back);
        }
    }

    [Fact]
    public void The_first_ten_characters_are_a_ulids_timestamp()
    {
        // 1469918176385 ms is the example of the ULID specification: 01ARYZ6S41TSV4RRFFQ69G5FAV.
        var id = PublicId.New(Instant.FromUnixTimeMilliseconds(1469918176385));
        Assert.StartsWith("01ARYZ6S41", PublicId.Format(id));
    }

    [Fact]
    public void Ids_sort_by_the_time_of_their_creation_in_both_forms()
    {
        var earlier = PublicId.New(Now);
        var later = PublicId.New(Now + Duration.FromMilliseconds(1));
        Assert.True(string.CompareOrdinal(PublicId.Format(earlier), PublicId.Format(later)) < 0);
        Assert.True(string.CompareOrdinal(earlier.ToString(), later.ToString()) < 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("01ARYZ6S41")]
    [InlineData("8ZZZZZZZZZZZZZZZZZZZZZZZZZ")]
    [InlineData("01ARYZ6S41TSV4RRFFQ69G5FAU")]
    [InlineData("01ARYZ6S41TSV4RRFFQ69G5FA-")]
    [InlineData("01ARYZ6S41TSV4RRFFQ69G5FAVX")]
    public void What_is_not_26_characters_of_the_alphabet_is_refused(string text) => Assert.False(PublicId.TryParse(text, out _));
}
