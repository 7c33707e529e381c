using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using FsCheck.Fluent;
using Metering.Ingest.Events;
using Metering.Ingest.Meters;
using NodaTime;
using Xunit;

namespace Metering.Ingest.Tests.Meters;

public sealed class PlainMetersTests
{
    private static readonly Instant Time = Instant.FromUtc(2026, 1, 14, 10, 0);

    private static readonly string[] Names = ["tokens", "model", "region", "other", "to\\u006bens", "mod\\\"el", "", "größe"];

    private static readonly string[] Values =
    [
        "1", "-0.5", "1e3", "12.3456789012345", "99999999999999999", "0.00000000000000000000000000000001", "\"text\"", "\"12\"", "\"\"", "\"a\\nb\"",
        "\"größe 東京\"", "true", "false", "null", "{}", "[]", "{\"tokens\":7,\"model\":\"}\"}", "[1,[\"]\",{\"a\":\"\\\"\"}]]", "\"a,b}\"",
        $"\"{new string('x', 513)}\"",
    ];

    private static readonly ImmutableArray<CompiledMeter> Meters =
    [
        Meter("sum", Aggregation.Sum, "$.tokens", "model"), Meter("count", Aggregation.Count, null, "region", "größe"),
        Meter("latest", Aggregation.Latest, "$.tokens"), Meter("most", Aggregation.Max, "$['other']"),
    ];

    [Fact]
    public void The_short_cut_reads_what_the_meter_reads_or_leaves_it_to_it()
    {
        var plain = PlainMeters.Of(Meters)!;
        var objects =
            from others in Gen.Zip(Gen.Elements(Names), Gen.Elements(Values)).ListOf(3)
            from tokens in Gen.Elements(Values)
            from other in Gen.Elements(Values)
            select others.Prepend(("tokens", tokens)).Append(("other", other));
        var read = 0;
        foreach (var properties in objects.Sample(20_000, 50))
        {
            var json = $"{{{string.Join(',', properties.Select(property => $"\"{property.Item1}\":{property.Item2}"))}}}";
            if (plain.TryRead(Time, Encoding.UTF8.GetBytes(json)) is not { } readings)
            {
                continue;
            }

            read++;
            using var document = JsonDocument.Parse(json, EventJson.DataOptions);
            for (var i = 0; i < Meters.Length; i++)
            {
                var expected = Assert.IsType<MeterReading.Counted>(Meters[i].Read(Time, document.RootElement));
                Assert.True(expected.Value == readings[i]!.Value && expected.Dimensions.SequenceEqual(readings[i]!.Dimensions), json);
            }
        }

        Assert.True(read > 200, $"Only {read} were plain; the test showed little.");
    }

    [Theory]
    [InlineData("{\"tokens\": 1,\"other\":1}")]
    [InlineData("{ \"tokens\":1,\"other\":1}")]
    [InlineData("{\"tokens\":1,\n\"other\":1}")]
    [InlineData("{\"tokens\" :1,\"other\":1}")]
    [InlineData("{ }")]
    [InlineData("{\"other\":1}")]
    public void Data_with_whitespace_or_without_the_value_is_left_to_the_meter(string json) =>
        Assert.Null(PlainMeters.Of(Meters)!.TryRead(Time, Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Meters_that_read_more_than_properties_at_the_top_have_no_short_cut()
    {
        Assert.Null(PlainMeters.Of([Meter("deep", Aggregation.Sum, "$.usage.tokens")]));
        Assert.Null(PlainMeters.Of([Meter("item", Aggregation.Sum, "$[0]")]));
        Assert.Null(PlainMeters.Of([Meter("unique", Aggregation.UniqueCount, "$.user")]));
        Assert.Null(PlainMeters.Of([Meters[0], Meter("deep", Aggregation.Count, null, "usage.model")]));
    }

    private static CompiledMeter Meter(string slug, Aggregation aggregation, string? value, params string[] dimensions) => new(new Meter(
        Guid.Empty, slug, null, null, aggregation, "prompt", value,
        dimensions.ToImmutableSortedDictionary(name => name, name => $"$.{name}", StringComparer.Ordinal), Time, Time));
}
