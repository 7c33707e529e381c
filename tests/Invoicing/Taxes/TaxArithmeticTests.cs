using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Metering.Invoicing.Taxes;
using Metering.Rating;
using Xunit;

namespace Metering.Invoicing.Tests.Taxes;

public sealed class TaxArithmeticTests
{
    private static readonly TaxCode Standard = Code(1, "standard", 19m);
    private static readonly TaxCode Reduced = Code(2, "reduced", 7m);
    private static readonly TaxCode Exempt = Code(3, "exempt", 0m);
    private static readonly TaxCodes Codes = new([Standard, Reduced, Exempt]);

    /// <summary>Columns: the lines as amount, code and behaviour; tax that is added; tax that prices hold; each line's share.</summary>
    [Fact]
    public void Tax_is_computed_on_the_sum_of_what_bears_it_and_shared_to_the_cent()
    {
        const string Table = """
            100.00 standard exclusive                                                             | 19.00 | 0.00  | 19.00
            119.00 standard inclusive                                                             | 0.00  | 19.00 | 19.00
            0.05 standard exclusive, 0.05 standard exclusive, 0.05 standard exclusive             | 0.03  | 0.00  | 0.01 0.01 0.01
            0.10 standard exclusive, 0.10 standard exclusive, 0.10 standard exclusive             | 0.06  | 0.00  | 0.02 0.02 0.02
            0.33 standard exclusive, 0.33 standard exclusive, 0.34 standard exclusive             | 0.19  | 0.00  | 0.06 0.06 0.07
            100.00 standard exclusive, 50.00 reduced exclusive                                    | 22.50 | 0.00  | 19.00 3.50
            100.00 standard exclusive, 119.00 standard inclusive                                  | 19.00 | 19.00 | 19.00 19.00
            49.00 standard exclusive, -18.97 standard exclusive                                   | 5.71  | 0.00  | 9.31 -3.60
            -10.00 standard exclusive                                                             | -1.90 | 0.00  | -1.90
            100.00 exempt exclusive                                                               | 0.00  | 0.00  | 0.00
            100.00 none exclusive                                                                 | 0.00  | 0.00  | -
            """;
        var wrong = new StringBuilder();
        foreach (var row in Table.ReplaceLineEndings("\n").Split('\n'))
        {
            var columns = row.Split('|', StringSplitOptions.TrimEntries);
            var lines = columns[0].Split(',', StringSplitOptions.TrimEntries).Select(Line).ToImmutableArray();
            var result = TaxArithmetic.Calculate(new TaxQuestion(Currency.Usd, lines), Codes);
            var shares = lines.Select(line => result.Lines.TryGetValue(line.Id, out var tax) ? Text(tax.Amount) : "-");
            string[] actual = [result.Exclusive.ToAmountString(), result.Inclusive.ToAmountString(), string.Join(' ', shares)];
            if (!actual.SequenceEqual(columns[1..]))
            {
                wrong.AppendLine($"{row}\n  {string.Join(" | ", actual)}");
            }
        }

        Assert.Equal("", wrong.ToString());
    }

    [Fact]
    public void Shares_sum_to_the_tax_and_no_share_is_further_than_a_cent_from_its_exact_value()
    {
        var one =
            from amount in Gen.Choose(-1_000_00, 10_000_00)
            from code in Gen.Elements(Standard, Reduced, Exempt)
            from behavior in Gen.Elements(TaxConfig.Exclusive, TaxConfig.Inclusive)
            select (amount, code, behavior);
        var cases = one.NonEmptyListOf().Select(lines => lines.ToArray());
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(cases.ToArbitrary(), drawn =>
        {
            var lines = drawn.Select((line, i) => new TaxableLine(
                new Guid(i, 0, 0, new byte[8]), new Money(line.amount / 100m, Currency.Usd),
                new TaxConfig(line.behavior, CustomInvoicing: new TaxConfig.ByCode(line.code.Key)))).ToImmutableArray();
            var result = TaxArithmetic.Calculate(new TaxQuestion(Currency.Usd, lines), Codes);
            Assert.Equal(result.Exclusive.Amount + result.Inclusive.Amount, lines.Sum(line => result.Lines[line.Id].Amount));
            foreach (var line in lines)
            {
                var tax = result.Lines[line.Id];
                var exact = line.Amount.Amount * tax.Percent / (tax.IsInclusive ? 100m + tax.Percent : 100m);
                Assert.InRange(tax.Amount - exact, -0.01m, 0.01m);
            }
        }));
    }

    [Theory]
    [InlineData(null, null, null, null)]
    [InlineData("inclusive:standard", null, "inclusive", "standard")]
    [InlineData(null, "exclusive:reduced", "exclusive", "reduced")]
    [InlineData("inclusive:", "exclusive:reduced", "inclusive", "reduced")]
    [InlineData(":standard", "inclusive:reduced", "inclusive", "standard")]
    public void What_a_line_does_not_say_is_said_by_the_profile(string? line, string? profile, string? behavior, string? code)
    {
        var merged = TaxConfig.Merge(Config(line), Config(profile));
        Assert.Equal(behavior, merged?.Behavior);
        Assert.Equal(code, merged?.Reference);

        static TaxConfig? Config(string? text) => text?.Split(':') is [var how, var which]
            ? new TaxConfig(how.Length == 0 ? null : how, CustomInvoicing: which.Length == 0 ? null : new TaxConfig.ByCode(which))
            : null;
    }

    private static TaxableLine Line(string text, int index)
    {
        var parts = text.Split(' ');
        return new TaxableLine(
            new Guid(index, 0, 0, new byte[8]), new Money(decimal.Parse(parts[0], CultureInfo.InvariantCulture), Currency.Usd),
            new TaxConfig(parts[2], CustomInvoicing: new TaxConfig.ByCode(parts[1])));
    }

    private static string Text(decimal amount) => new Money(amount, Currency.Usd).ToAmountString();

    private static TaxCode Code(int number, string key, decimal percent) =>
        new(new Guid(number, 0, 0, new byte[8]), key, key, null, percent, default, default, null);
}
