using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using NodaTime;
using Xunit;

namespace Metering.Platform.Tests.Http;

public sealed class CursorTests
{
    private static readonly Instant At = Instant.FromUtc(2026, 1, 15, 9, 0) + Duration.FromNanoseconds(1_000L);
    private static readonly Guid Id = PublicId.New(At);

    [Fact]
    public void A_cursor_comes_back_as_it_was()
    {
        AssertRoundTrip(new Cursor<Instant>(At, Id));
        AssertRoundTrip(new Cursor<long>(long.MaxValue, Id));
        AssertRoundTrip(new Cursor<string>("näme \"with\" quotes", Id));
    }

    [Theory]
    [InlineData("")]
    [InlineData("%%%")]
    [InlineData("bm9uc2Vuc2U")]
    [InlineData("eyJrZXkiOjEsImlkIjoieCJ9")]
    [InlineData("bnVsbA")]
    public void What_is_no_cursor_is_not_read_as_one(string text) => Assert.False(Cursor<long>.TryParse(text, out _));

    [Fact]
    public void A_cursor_of_another_list_is_not_read() =>
        Assert.False(Cursor<long>.TryParse(new Cursor<string>("name", Id).ToString(), out _));

    [Fact]
    public void A_cursor_stands_in_a_url_as_it_is() =>
        Assert.Matches("^[A-Za-z0-9_-]+$", new Cursor<string>("~~~???>>>", Id).ToString());

    private static void AssertRoundTrip<T>(Cursor<T> cursor)
    {
        Assert.True(Cursor<T>.TryParse(cursor.ToString(), out var read));
        Assert.Equal(cursor, read);
    }
}
