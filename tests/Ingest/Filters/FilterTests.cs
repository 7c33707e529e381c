using Dapper;
using FsCheck;
using FsCheck.Fluent;
using Metering.Ingest.Filters;
using Metering.Testing;
using Npgsql;
using Xunit;

namespace Metering.Ingest.Tests.Filters;

public sealed class FilterTests
{
    private const int Questions = 400;
    private const int Values = 200;
    private const int Size = 20;

    /// <summary>What patterns are about, and text beyond the first plane, which UTF-16 would sort too low.</summary>
    private static readonly string[] Letters = ["a", "A", "b", "z", "%", "_", "\\", "é", "\uFFFD", "😀"];

    [Theory]
    [InlineData("gpt-5", "gpt-5", true)]
    [InlineData("gpt%", "gpt-5-mini", true)]
    [InlineData("%mini", "gpt-5-mini", true)]
    [InlineData("%5%", "gpt-5-mini", true)]
    [InlineData("gpt-_", "gpt-5", true)]
    [InlineData("gpt-_", "gpt-55", false)]
    [InlineData("%", "", true)]
    [InlineData("_", "😀", true)]
    [InlineData("50\\%", "50%", true)]
    [InlineData("50\\%", "500", false)]
    [InlineData("a\\\\b", "a\\b", true)]
    [InlineData("%a%b%c", "xaxbxbxc", true)]
    [InlineData("%a%b%c", "xaxbxbx", false)]
    public void Like_is_the_one_of_SQL(string pattern, string value, bool expected) =>
        Assert.Equal(expected, new TextFilter { Like = pattern }.Matches(value));

    [Fact]
    public void An_absent_text_fulfils_the_negations_alone()
    {
        TextFilter[] fulfilled = [new() { Ne = "a" }, new() { Nin = ["a"] }, new() { Nlike = "a" }, new() { Nilike = "a" }];
        TextFilter[] missed =
        [
            new() { Eq = "a" }, new() { In = ["a"] }, new() { Like = "%" }, new() { Ilike = "%" },
            new() { Gt = "" }, new() { Gte = "" }, new() { Lt = "z" }, new() { Lte = "z" },
        ];

        Assert.All(fulfilled, filter => Assert.True(filter.Matches(null)));
        Assert.All(missed, filter => Assert.False(filter.Matches(null)));
        Assert.True(new TextFilter { And = [.. fulfilled] }.Matches(null));
        Assert.True(new TextFilter { Or = [missed[0], fulfilled[0]] }.Matches(null));
        Assert.False(new TextFilter { Or = [missed[0], missed[1]] }.Matches(null));
    }

    [Fact]
    public void A_filter_has_bounds()
    {
        var deep = new TextFilter { Eq = "a" };
        for (var i = 0; i < 5; i++)
        {
            deep = new TextFilter { And = [deep] };
        }

        Assert.Equal("/f/$and/0/$and/0/$and/0/$and/0/$and/0 too_deep", Told(deep));
        Assert.Equal("/f too_many", Told(new TextFilter { Or = [.. Enumerable.Repeat(new TextFilter { Eq = "a" }, 100)] }));
        Assert.Equal("/f required", Told(new TextFilter()));
        Assert.Equal("/f/$or invalid_value", Told(new TextFilter { Or = [] }));
        Assert.Equal("/f/$or/1/$in invalid_value", Told(new TextFilter { Or = [new TextFilter { Eq = "a" }, new TextFilter { In = [] }] }));
        Assert.Equal("/f/$ilike invalid_pattern", Told(new TextFilter { Ilike = "a\\" }));
        Assert.Equal("/f/$gt invalid_value", Told(new TextFilter { Gt = new string('a', 1_025) }));
        Assert.Equal("", Told(new TextFilter { Eq = "a", Lt = "b" }));
    }

    /// <summary>The two ways to decide a condition, on events by PostgreSQL and on dimensions here, are one.</summary>
    [Fact]
    public async Task Conditions_are_decided_here_as_by_PostgreSQL()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        var text = Gen.ListOf(Gen.Elements(Letters)).Select(parts => string.Concat(parts.Take(5)));
        var number = (ulong)System.Diagnostics.Stopwatch.GetTimestamp();
        var questions = GenFilter(text, depth: 2).Sample(Questions, new Rnd(number), Size);
        string[] values = [.. text.Sample(Values, new Rnd(number), Size).Distinct(StringComparer.Ordinal)];
        var passed = 0;
        foreach (var filter in questions.Where(filter => !filter.Check("").Any()))
        {
            var parameters = new DynamicParameters(new { values });
            var condition = new FilterSql(parameters, "f").Of("value", filter);
            var expected = await connection.QueryAsync<string>(
                $"select value from unnest(@values) with ordinality as v (value, position) where {condition} order by position", parameters);

            string[] answered = [.. values.Where(filter.Matches)];

            Assert.True(expected.SequenceEqual(answered), $"seed {number}: {condition} of {filter}");
            passed += answered.Length;
        }

        Assert.True(passed > Questions, "Hardly anything passed; the test showed little.");
    }

    private static Gen<TextFilter> GenFilter(Gen<string> text, int depth)
    {
        // Without regard to case only where the database's locale has no say.
        var plain = Gen.Elements("a", "A%", "_b", "%Z%", "aB_");
        Gen<TextFilter>[] simple =
        [
            text.Select(value => new TextFilter { Eq = value }), text.Select(value => new TextFilter { Ne = value }),
            text.Select(value => new TextFilter { Like = value }), text.Select(value => new TextFilter { Nlike = value }),
            plain.Select(value => new TextFilter { Ilike = value }), plain.Select(value => new TextFilter { Nilike = value }),
            text.Select(value => new TextFilter { Gt = value }), text.Select(value => new TextFilter { Gte = value }),
            text.Select(value => new TextFilter { Lt = value }), text.Select(value => new TextFilter { Lte = value }),
            text.Two().Select(two => new TextFilter { In = [two.Item1, two.Item2] }),
            text.Two().Select(two => new TextFilter { Nin = [two.Item1, two.Item2] }),
            text.Two().Select(two => new TextFilter { Gte = two.Item1, Lt = two.Item2 }),
        ];
        if (depth == 0)
        {
            return Gen.OneOf(simple);
        }

        var part = GenFilter(text, depth - 1).Two();
        return Gen.OneOf(
        [
            .. simple,
            part.Select(two => new TextFilter { And = [two.Item1, two.Item2] }),
            part.Select(two => new TextFilter { Or = [two.Item1, two.Item2] }),
        ]);
    }

    private static string Told(TextFilter filter) => string.Join(", ", filter.Check("/f").Select(error => $"{error.Pointer} {error.Code}"));
}
