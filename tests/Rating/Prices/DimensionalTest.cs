using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;

namespace Metering.Rating.Tests;

public sealed class DimensionalTest
{
    private static readonly ImmutableArray<string> Dimensions = ["model", "token_type"];

    [Fact]
    public void The_cell_that_names_most_of_the_values_prices_them_and_what_no_cell_covers_is_unpriced_and_not_free()
    {
        var price = Matrix("""
            model   token_type  price
            gpt-4o  input       unit 1
            gpt-4o  *           unit 2
            *       input       unit 3
            *       cached      unit 4
            """);
        var result = Rate(price, "gpt-4o input 1 | gpt-4o output 1 | gpt-4o cached 1 | claude input 1 | claude cached 1 | claude output 7");
        Assert.Equal(
            ["model=claude,token_type=cached/unit 4.00", "model=claude,token_type=input/unit 3.00", "model=gpt-4o,token_type=cached/unit 2.00",
             "model=gpt-4o,token_type=input/unit 1.00", "model=gpt-4o,token_type=output/unit 2.00"],
            result.Charges.Select(c => $"{c.ChildReference} {c.Amount.ToAmountString()}"));
        var unpriced = Assert.Single(result.Unpriced);
        Assert.Equal(("model=claude,token_type=output", "model claude, token_type output", 7m), (unpriced.Reference, unpriced.Group,
            unpriced.Usage.Quantity));
        Assert.False(result.IsFullyPriced);
        Assert.Null(Rater.Total(result.Input));
        Assert.Contains("Unpriced  7 tokens of model claude, token_type output; not in the total\n", Explanation.Of(result, "Tokens", "tokens"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_default_prices_what_no_cell_covers()
    {
        var price = Matrix("""
            model   token_type  price
            gpt-4o  input       unit 1
            """, PriceText.Parse("unit 0.5"));
        var result = Rate(price, "gpt-4o input 10 | claude output 10 | (none) input 10");
        Assert.True(result.IsFullyPriced);
        Assert.Equal(20m, Rater.Total(result.Input)!.Value.Amount);
        Assert.Equal(
            ["model (none), token_type input: Usage", "model claude, token_type output: Usage", "model gpt-4o, token_type input: Usage"],
            result.Charges.Select(charge => charge.Name));
        Assert.Equal("model gpt-4o, token_type input", result.Charges[2].Group);
        Assert.Equal(PriceText.Parse("unit 0.5"), price.PriceOf("claude", "input"));
    }

    [Fact]
    public void Groups_have_tiers_of_their_own_or_share_those_of_their_cell_by_choice()
    {
        const string cells = """
            model  token_type  price
            *      input       graduated up to 100: 2 each | then 1 each
            *      output      package 100 for 5
            """;
        const string usage = "a input 60 | b input 60 | a output 60 | b output 30";
        Assert.Equal(
            ["model=a,token_type=input/graduated-tier-1-unit 60", "model=a,token_type=output/package 1",
                "model=b,token_type=input/graduated-tier-1-unit 60",
             "model=b,token_type=output/package 1"],
            Rate(Matrix(cells), usage).Charges.Select(c => $"{c.ChildReference} {c.Quantity}"));
        var pooled = Rate(Matrix(cells, pooling: Pooling.AcrossGroups), usage);
        Assert.Equal(
            ["model=*,token_type=input/graduated-tier-1-unit 100", "model=*,token_type=input/graduated-tier-2-unit 20",
                "model=*,token_type=output/package 1"],
            pooled.Charges.Select(c => $"{c.ChildReference} {c.Quantity}"));
        Assert.Equal("model any, token_type input", pooled.Charges[0].Group);
        Assert.Equal("225.00 USD", pooled.Total.ToString());
        Assert.Single(Rate(Matrix(cells, pooling: Pooling.AcrossGroups), "a input 1 | a cached 1").Unpriced);
    }

    [Fact]
    public void A_group_exists_from_its_first_use_so_a_later_line_charges_its_first_flat_amount()
    {
        var price = Matrix("""
            model  token_type  price
            *      *           graduated up to 5: flat 100 | then 1 each
            """);
        var groups = new GroupedUsage(Dimensions, [new UsageGroup(["a", "in"], new Usage(2m, 3m)), new UsageGroup(["b", "in"], new Usage(0m, 1m))]);
        var line = Some.Input(price, "mid", Usage.None) with { Groups = groups };
        Assert.Equal("100.00 USD", Rater.Rate(line).Total.ToString());
        Assert.Equal("model=b,token_type=in/graduated-tier-1-flat", Rater.Rate(line).Charges.Single(c => c.Amount.Amount != 0m).ChildReference);
        Assert.Equal(Rater.Rate(line).Total, Rater.Total(line));
    }

    [Fact]
    public void Cells_can_hold_overage_percentages_and_converted_units()
    {
        var price = Matrix("""
            model  token_type  price
            a      in          overage 10 then unit 2
            b      in          percentages up to 10: 5 % | then 1 %
            c      in          dynamic 2
            """);
        Assert.Equal("11.60 USD", Rate(price, "a in 12 | b in 20 | c in 3.5").Total.ToString());
        Assert.Equal("model=a,token_type=in/overage/unit", Rate(price, "a in 12").Charges[1].ChildReference);
        Assert.Equal("model a, token_type in: Overage: Usage", Rate(price, "a in 12").Charges[1].Name);
        Assert.Equal("model a, token_type in", Rate(price, "a in 12").Charges[1].Group);
        var perThousand = new RateCardTerms(conversion: UnitConversion.DivideBy(1000m, UnitRounding.Up));
        var input = Rate(price, "a in 10500 | c in 1").Input with { Terms = perThousand };
        Assert.Equal("4.00 USD", Rater.Rate(input).Total.ToString());
    }

    [Fact]
    public void Usage_by_more_dimensions_than_the_price_has_is_added_up()
    {
        var price = new Price.Dimensional(["model"], [new PriceCell(["a"], new Price.PerUnit(1m))], null, Pooling.EachGroup);
        var usage = new GroupedUsage(["region", "model"], [new(["eu", "a"], Usage.Of(1m)), new(["us", "a"], Usage.Of(2m))]);
        Assert.Equal("model=a/unit 3", Rater.Rate(Some.Input(price, 0m) with { Groups = usage }).Charges.Select(c =>
            $"{c.ChildReference} {c.Quantity}").Single());
        Assert.Throws<ArgumentException>(() => usage.By(["team"]));
        Assert.Same(GroupedUsage.None, GroupedUsage.None.By(["team"]));
        Assert.Throws<ArgumentException>(() => Rater.Rate(Some.Input(price, 5m) with { Groups = usage }));
    }

    [Fact]
    public void Groups_that_cannot_be_told_apart_or_do_not_fit_are_a_bug()
    {
        Assert.Throws<ArgumentException>(() => new GroupedUsage(["a"], [new(["x"], Usage.None), new(["x"], Usage.None)]));
        Assert.Throws<ArgumentException>(() => new GroupedUsage(["a"], [new(["x", "y"], Usage.None)]));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new GroupedUsage(["a"], [new(["x"], Usage.Of(RatingBounds.QuantityMax)), new(["y"], Usage.Of(1m))]));
    }

    [Fact]
    public void References_of_different_values_are_different_whatever_signs_they_hold()
    {
        var price = new Price.Dimensional(["m", "t"], [], new Price.PerUnit(1m), Pooling.EachGroup);
        var usage = new GroupedUsage(["m", "t"], [new(["a,t=b", "c"], Usage.Of(1m)), new(["a", "b,t=c"], Usage.Of(1m)), new(["*", "100%/x"],
            Usage.Of(1m))]);
        Assert.Equal(
            ["m=%2A,t=100%25%2Fx/unit", "m=a,t=b%2Ct%3Dc/unit", "m=a%2Ct%3Db,t=c/unit"],
            Rater.Rate(Some.Input(price, 0m) with { Groups = usage }).Charges.Select(c => c.ChildReference));
    }

    [Fact]
    public void A_matrix_that_contradicts_itself_is_refused()
    {
        var unit = new Price.PerUnit(1m);
        PriceCell Cell(params string?[] values) => new([.. values], unit);
        Assert.Equal("/dimensions CellsNotInDimensions", Text(Price.Dimensional.Check([], [], unit)));
        Assert.Equal("/dimensions CellsNotInDimensions", Text(Price.Dimensional.Check(["a", "a"], [], unit)));
        Assert.Equal("/dimensions CellsNotInDimensions", Text(Price.Dimensional.Check([""], [], unit)));
        Assert.Equal("/dimensions CellsNotInDimensions", Text(Price.Dimensional.Check([.. "abcdefghi".Select(c => $"{c}")], [], unit)));
        Assert.Equal("", Text(Price.Dimensional.Check([.. "abcdefgh".Select(c => $"{c}")], [], unit)));
        Assert.Equal("/cells CellsNotInDimensions", Text(Price.Dimensional.Check(["a"], [], null)));
        Assert.Equal("/cells/1/values CellsNotInDimensions", Text(Price.Dimensional.Check(["a"], [Cell("x"), Cell("x", "y")], null)));
        Assert.Equal("/cells/1/values DuplicateCell", Text(Price.Dimensional.Check(["a"], [Cell("x"), Cell("x"), Cell("y")], null)));
        Assert.Equal("", Text(Price.Dimensional.Check(["a", "b"], [Cell("x", null), Cell(null, "x"), Cell("x", "x"), Cell(null, null)], null)));
        Assert.Equal("/default DuplicateCell", Text(Price.Dimensional.Check(["a"], [Cell([null])], unit)));
        Assert.Equal("/cells/0/price NotApplicable", Text(Price.Dimensional.Check(["a"], [new PriceCell(["x"], new Price.Percentage(1m))], null)));
        Assert.Equal("/default NotApplicable", Text(Price.Dimensional.Check(["a"], [], new Price.Flat(1m, PaymentTerm.InAdvance))));
        var many = Enumerable.Range(0, Price.Dimensional.CellsMax + 1).Select(i => Cell($"{i}")).ToImmutableArray();
        Assert.Equal("/cells CellsNotInDimensions", Text(Price.Dimensional.Check(["a"], many, null)));
        Assert.Equal("", Text(Price.Dimensional.Check(["a"], many[1..], null)));
        Assert.Throws<InvalidPriceException>(() => new Price.Dimensional(["a"], [], null, Pooling.EachGroup));
    }

    [Fact]
    public void Between_cells_that_name_equally_many_dimensions_the_one_with_the_earlier_dimension_wins_wherever_it_stands()
    {
        string[] names = ["a", "b", "c"];
        PriceCell Cell(string a, string b, string c, decimal amount) =>
            new([.. new[] { a, b, c }.Select(value => value == "*" ? null : value)], new Price.PerUnit(amount));
        PriceCell[] cells =
        [
            Cell("*", "*", "x", 1m), Cell("*", "x", "*", 2m), Cell("x", "*", "*", 3m), Cell("*", "x", "x", 4m), Cell("x", "*", "x", 5m),
        ];
        foreach (var ordered in new[] { cells, [.. cells.Reverse()] })
        {
            var matrix = new Price.Dimensional([.. names], [.. ordered], new Price.PerUnit(9m), Pooling.EachGroup);
            decimal AmountOf(params string[] values) => ((Price.PerUnit)matrix.PriceOf([.. values])!).Amount;
            Assert.Equal(
                [5m, 4m, 3m, 3m, 5m, 2m, 1m, 9m],
                [AmountOf("x", "x", "x"), AmountOf("y", "x", "x"), AmountOf("x", "x", "y"), AmountOf("x", "y", "y"), AmountOf("x", "y", "x"),
                    AmountOf("y", "x", "y"), AmountOf("y", "y", "x"), AmountOf("y", "y", "y")]);
        }
    }

    [Fact]
    public void A_matrix_is_not_a_price_of_a_quantity()
    {
        var matrix = new Price.Dimensional(["a"], [], new Price.PerUnit(1m), Pooling.EachGroup);
        Assert.Equal("/beyond NotApplicable", Text(Price.Overage.Check(1m, matrix)));
        Assert.Equal("/default NotApplicable", Text(Price.Dimensional.Check(["b"], [], matrix)));
        Assert.Equal(new PriceCell(["x"], new Price.PerUnit(1m)), new PriceCell(["x"], new Price.PerUnit(1m)));
        Assert.NotEqual(new PriceCell(["x"], new Price.PerUnit(1m)), new PriceCell(["x"], new Price.PerUnit(2m)));
        Assert.NotEqual(new PriceCell(["x"], new Price.PerUnit(1m)), new PriceCell(["y"], new Price.PerUnit(1m)));
        Assert.False(new PriceCell(["x"], new Price.PerUnit(1m)).Equals(null));
    }

    [Fact]
    public void Matrices_are_equal_by_what_they_charge()
    {
        Price.Dimensional One(Pooling pooling, Price? fallback, string value) =>
            new(["a"], [new PriceCell([value], new Price.PerUnit(1m))], fallback, pooling);
        var first = One(Pooling.EachGroup, null, "x");
        Assert.Equal(first, One(Pooling.EachGroup, null, "x"));
        Assert.Equal(first.GetHashCode(), One(Pooling.EachGroup, null, "x").GetHashCode());
        Assert.NotEqual(first, One(Pooling.AcrossGroups, null, "x"));
        Assert.NotEqual(first, One(Pooling.EachGroup, new Price.PerUnit(1m), "x"));
        Assert.NotEqual(first, One(Pooling.EachGroup, null, "y"));
    }

    [Fact]
    public void Split_lines_sum_to_the_whole_and_the_order_of_groups_does_not_matter()
    {
        var cases =
            from tiers in Gen.ArrayOf(Generated.QuantityPrice, 3)
            from fallback in Generated.QuantityPrice
            from pooling in Gen.Elements(Enum.GetValues<Pooling>())
            from amounts in Gen.ArrayOf(Generated.Quantity, 18)
            select (Price: new Price.Dimensional(
                Dimensions,
                [new PriceCell(["a", "in"], tiers[0]), new PriceCell(["a", null], tiers[1]), new PriceCell([null, "in"], tiers[2])],
                fallback,
                pooling), amounts);
        Law.Holds(cases, x =>
        {
            var values = new[] { "a", "b", "c" }.SelectMany(model => new[] { "in", "out", "cached" }.Select(type => ImmutableArray.Create(model,
                type))).ToArray();
            UsageGroup Group(int i, Usage usage) => new(values[i], usage);
            GroupedUsage Groups(Func<int, Usage> usage) => new(Dimensions, [.. Enumerable.Range(0, 9).Select(i => Group(i, usage(i)))]);
            GroupedUsage Reversed(Func<int, Usage> usage) => new(Dimensions, [.. Enumerable.Range(0, 9).Reverse().Select(i => Group(i, usage(i)))]);
            var input = Some.Input(x.Price, 0m);
            var whole = Rater.Rate(input with { Groups = Groups(i => Usage.Of(x.amounts[i] + x.amounts[9 + i])) });
            var first = Rater.Rate(input with { Line = Some.Line("first"), Groups = Groups(i => Usage.Of(x.amounts[i])) });
            var last = Rater.Rate(input with { Line = Some.Line("last"), Groups = Reversed(i => new Usage(x.amounts[i],
                x.amounts[i] + x.amounts[9 + i])) });
            Assert.Equal(whole.Total, first.Total + last.Total);
            Assert.Equal(whole.Total, Rater.Total(whole.Input));
            var reversed = Rater.Rate(input with { Groups = Reversed(i => Usage.Of(x.amounts[i] + x.amounts[9 + i])) });
            Assert.Equal(Explanation.Of(whole, "T", "tokens"), Explanation.Of(reversed, "T", "tokens"));
            Assert.Equal(whole.Charges.Length, whole.Charges.Select(charge => charge.ChildReference).Distinct().Count());
        });
    }

    private static Price.Dimensional Matrix(string table, Price? fallback = null, Pooling pooling = Pooling.EachGroup) => new(
        Dimensions,
        [.. TextTable.Rows(table).Select(row => new PriceCell(
            [.. Dimensions.Select(name => row[name] == "*" ? null : row[name])], PriceText.Parse(row["price"])))],
        fallback,
        pooling);

    private static RatingResult Rate(Price price, string usage) => Rater.Rate(Some.Input(price, 0m) with
    {
        Groups = new GroupedUsage(Dimensions, [.. usage.Split(" | ").Select(text => text.Split(' ')).Select(words => new UsageGroup(
            [words[0] == "(none)" ? "" : words[0], words[1]], Usage.Of(decimal.Parse(words[2]))))]),
    });

    private static string Text(IEnumerable<PriceError> errors) => string.Join(", ", errors.Select(error => $"{error.Pointer} {error.Code}"));
}
