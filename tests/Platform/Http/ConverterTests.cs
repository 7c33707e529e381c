using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Platform.Http;
using NodaTime;
using Xunit;

namespace Metering.Platform.Tests.Http;

public sealed class ConverterTests
{
    [Theory]
    [InlineData("2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z")]
    [InlineData("2026-01-15T10:30:00+01:30", "2026-01-15T09:00:00Z")]
    [InlineData("2026-01-15T09:00:00.123456789Z", "2026-01-15T09:00:00.123456Z")]
    [InlineData("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z")]
    public void A_time_is_kept_in_utc_to_the_microsecond(string written, string kept)
    {
        var instant = JsonSerializer.Deserialize<Instant>($"\"{written}\"", MeteringJson.Options);
        Assert.Equal($"\"{kept}\"", JsonSerializer.Serialize(instant, MeteringJson.Options));
    }

    [Theory]
    [InlineData("\"2026-01-15\"")]
    [InlineData("\"2026-01-15T09:00:00\"")]
    [InlineData("\"2026-02-30T09:00:00Z\"")]
    [InlineData("1768467600")]
    [InlineData("\"0001-01-01T00:00:00Z\"")]
    [InlineData("\"-9998-01-01T00:00:00+18:00\"")]
    [InlineData("\"9999-12-31T23:59:59-18:00\"")]
    public void What_is_not_rfc_3339_is_refused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Instant>(json, MeteringJson.Options));

    [Theory]
    [InlineData("[\"a\\u0000b\"]", "$[0]")]
    [InlineData("[\"a\", \"\\u0000\"]", "$[1]")]
    public void Text_that_the_database_could_not_keep_is_refused_where_it_stands(string json, string path) =>
        Assert.Equal(path, Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<string[]>(json, MeteringJson.Options)).Path);

    [Fact]
    public void A_name_that_the_database_could_not_keep_is_refused() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Dictionary<string, string>>("{\"a\\u0000\":\"b\"}", MeteringJson.Options));

    [Theory]
    [InlineData("\"0.000005\"", "\"0.000005\"")]
    [InlineData("\"49.00\"", "\"49\"")]
    [InlineData("49.10", "\"49.1\"")]
    [InlineData("\"-3\"", "\"-3\"")]
    [InlineData("\"9999999999999999\"", "\"9999999999999999\"")]
    [InlineData("\"100000\"", "\"100000\"")]
    public void A_number_is_exact_and_written_without_trailing_zeros(string json, string written) =>
        Assert.Equal($"{{\"amount\":{written}}}", JsonSerializer.Serialize(Read(json), MeteringJson.Options));

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"1e3\"")]
    [InlineData("\"1,000\"")]
    [InlineData("\"0.0000000000001\"")]
    [InlineData("\"10000000000000000\"")]
    [InlineData("\"+1\"")]
    [InlineData("\".5\"")]
    [InlineData("\"NaN\"")]
    [InlineData("true")]
    public void What_is_not_a_plain_decimal_in_range_is_refused(string json) => Assert.Throws<JsonException>(() => Read(json));

    private static Priced Read(string json) => JsonSerializer.Deserialize<Priced>($"{{\"amount\":{json}}}", MeteringJson.Options)!;

    private sealed record Priced([property: JsonConverter(typeof(NumericConverter))] decimal Amount);
}
