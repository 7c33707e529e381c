using System.Text;
using System.Text.Json;
using Metering.Platform.Http;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Metering.Platform.Tests.Http;

/// <summary>Reading and writing times without a pattern differs from the pattern in nothing but speed.</summary>
public sealed class UsualInstantTests
{
    [Theory]
    [InlineData("2026-01-15T09:00:00Z")]
    [InlineData("2026-01-15T09:00:00.1Z")]
    [InlineData("2026-01-15T09:00:00.123456Z")]
    [InlineData("2026-01-15T09:00:00.1234567Z")]
    [InlineData("2026-01-15T09:00:00.123456789Z")]
    [InlineData("2026-01-15T09:00:00.Z")]
    [InlineData("2026-01-15T09:00:00,5Z")]
    [InlineData("2026-01-15T09:00:00z")]
    [InlineData("2026-01-15t09:00:00Z")]
    [InlineData("2026-01-15 09:00:00Z")]
    [InlineData("2026-01-15T09:00Z")]
    [InlineData("2026-01-15T24:00:00Z")]
    [InlineData("2026-01-15T23:59:60Z")]
    [InlineData("2026-02-29T00:00:00Z")]
    [InlineData("2028-02-29T00:00:00Z")]
    [InlineData("2026-13-01T00:00:00Z")]
    [InlineData("2026-00-10T00:00:00Z")]
    [InlineData("2026-01-00T00:00:00Z")]
    [InlineData("2026-01-15T09:00:00+00:00")]
    [InlineData("2026-01-15T09:00:00-05:30")]
    [InlineData("1969-12-31T23:59:59Z")]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("9001-01-01T00:00:00Z")]
    [InlineData("2026-1-15T09:00:00Z")]
    [InlineData("２026-01-15T09:00:0Z")]
    public void A_time_is_read_from_bytes_as_it_is_from_text(string text)
    {
        var known = InstantConverter.TryParse(text, out var expected);

        Assert.Equal(known, InstantConverter.TryParse(Encoding.UTF8.GetBytes(text), out var instant));
        Assert.Equal(known ? expected : default, known ? instant : default);
    }

    [Theory]
    [InlineData("2026-01-15T09:00:00Z")]
    [InlineData("2026-12-31T23:59:59.1Z")]
    [InlineData("2026-01-15T09:00:00.000001Z")]
    [InlineData("2026-01-15T09:00:00.12345Z")]
    [InlineData("2026-01-15T09:00:00.1234567Z")]
    [InlineData("2026-01-15T09:00:00.123456789Z")]
    [InlineData("1970-01-01T00:00:00Z")]
    [InlineData("1969-12-31T23:59:59.5Z")]
    [InlineData("0001-01-02T00:00:00Z")]
    [InlineData("9000-12-31T23:59:59.999999Z")]
    public void A_time_is_written_as_the_pattern_writes_it(string text)
    {
        var instant = InstantPattern.ExtendedIso.Parse(text).Value;

        Assert.Equal($"\"{InstantPattern.ExtendedIso.Format(instant)}\"", JsonSerializer.Serialize(instant, MeteringJson.Options));
    }
}
