using System.Collections.Immutable;
using System.Text;
using Metering.Invoicing.Credits;
using Metering.Invoicing.Tests.Support;
using Metering.Rating;
using NodaTime;
using Xunit;

namespace Metering.Invoicing.Tests.Credits;

public sealed class CreditOrderTests
{
    private static readonly Instant Now = Some.At("2026-02-01");

    /// <summary>
    /// Columns: grants as name:amount and what is special (p = priority, x = expires, $ = paid, @ = pays for one feature, f = effective from);
    /// lines as amount and feature; who pays what, in the order of use.
    /// </summary>
    [Fact]
    public void Credit_is_used_by_priority_then_expiry_then_promotional_first_then_scope_then_age()
    {
        const string Table = """
            a:10 b:10                               | 15.00              | a 10.00, b 5.00
            a:10 b:10,p5                            | 15.00              | b 10.00, a 5.00
            a:10 b:10,x2026-06-01                   | 15.00              | b 10.00, a 5.00
            a:10,x2026-07-01 b:10,x2026-06-01       | 15.00              | b 10.00, a 5.00
            a:10,x2026-06-01 b:10,p5                | 15.00              | b 10.00, a 5.00
            a:10,$ b:10                             | 15.00              | b 10.00, a 5.00
            a:10,$,x2026-06-01 b:10                 | 15.00              | a 10.00, b 5.00
            a:10 b:10,@tokens                       | 15.00 tokens       | b 10.00, a 5.00
            a:10 b:10,@tokens                       | 15.00 images       | a 10.00
            a:10,f2026-01-20 b:10,f2026-01-10       | 15.00              | b 10.00, a 5.00
            a:10,x2026-02-01 b:10                   | 15.00              | b 10.00
            a:10,x2026-02-02 b:10                   | 15.00              | a 10.00, b 5.00
            a:10,f2026-02-02 b:10                   | 15.00              | b 10.00
            a:30 b:70,$                             | 80.00              | a 30.00, b 50.00
            a:10                                    | 4.00, 5.00, 6.00   | a 4.00, a 5.00, a 1.00
            a:3,@tokens b:10                        | 4.00, 5.00 tokens  | a 3.00, b 4.00, b 2.00
            a:10                                    | 8.00, -3.00        | a 5.00
            a:10                                    | -3.00, 8.00        | a 5.00
            a:10                                    | 3.00, -8.00        | nothing
            a:10,@tokens                            | 3.00 tokens, -2.00 | a 1.00
            a:10                                    | 0.00               | nothing
            """;
        var wrong = new StringBuilder();
        foreach (var row in Table.ReplaceLineEndings("\n").Split('\n'))
        {
            var columns = row.Split('|', StringSplitOptions.TrimEntries);
            var grants = columns[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((text, i) => Grant(text, i + 1)).ToArray();
            var lines = columns[1].Split(',', StringSplitOptions.TrimEntries).Select(Line).ToImmutableArray();
            var uses = CreditOrder.Apply(lines, grants, Now);
            var actual = uses.IsEmpty ? "nothing" : string.Join(", ", uses.Select(use => $"{use.Grant.Name} {use.Amount.ToAmountString()}"));
            if (actual != columns[2])
            {
                wrong.AppendLine($"{row}\n  {actual}");
            }

            // The order in which grants are told changes nothing.
            Assert.Equal(uses, CreditOrder.Apply(lines, grants.Reverse(), Now));
        }

        Assert.Equal("", wrong.ToString());
    }

    private static CreditGrant Grant(string text, int number)
    {
        var words = text.Split(':', ',');
        string? Word(char mark) => words.Skip(2).FirstOrDefault(word => word[0] == mark)?[1..];
        var amount = new Money(decimal.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture), Currency.Usd);
        var from = Word('f') is { } start ? Some.At(start) : Some.At("2026-01-01");
        return new CreditGrant(
            new Guid(number, 0, 0, new byte[8]), number, words[0], Word('$') is not null, amount, Word('@') is { } feature ? [feature] : [],
            Word('p') is { } priority ? int.Parse(priority, System.Globalization.CultureInfo.InvariantCulture) : 10, from,
            Word('x') is { } end ? Some.At(end) : null, from <= Now ? from : null, null, amount);
    }

    private static CreditableLine Line(string text, int i)
    {
        var words = text.Split(' ');
        return new CreditableLine(
            new Guid(i, 1, 0, new byte[8]), words.Length > 1 ? words[1] : null,
            new Money(decimal.Parse(words[0], System.Globalization.CultureInfo.InvariantCulture), Currency.Usd));
    }
}
