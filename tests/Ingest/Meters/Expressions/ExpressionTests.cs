using System.Globalization;
using System.Numerics;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Metering.Ingest.Meters.Expressions;
using Xunit;

namespace Metering.Ingest.Tests.Meters.Expressions;

public sealed class ExpressionTests
{
    private const string Data = """
        {"a":6,"b":"2.5","c":0,"big":9999999999999999,"tier":"gold","ok":true,"code":404,"none":null,"text":"many",
         "usage":{"in":100,"out":20,"items":[3,4]},"content-length":1500001}
        """;

    private const string Computed = """
        $.a + $.b                                                  = 8.5
        1 + 2 * 3                                                  = 7
        (1 + 2) * 3                                                = 9
        7 - 2 - 1                                                  = 4
        8 / 4 / 2                                                  = 1
        -$.a - -2                                                  = -4
        --1                                                        = 1
        2 × 3 ÷ 4 − 1                                              = 0.5
        1 / 3                                                      = 0.333333333333
        2 / 3                                                      = 0.666666666667
        -2 / 3                                                     = -0.666666666667
        1 / 3 * 3                                                  = 1
        0.1 + 0.2                                                  = 0.3
        0.0000000000005                                            = 0.000000000001
        -0.0000000000005                                           = -0.000000000001
        ceil($['content-length'] / 1000000)                        = 2
        ceil(-1.5)                                                 = -1
        ceil(3)                                                    = 3
        min($.a, $.b, 3)                                           = 2.5
        max($.a, -1)                                               = 6
        max(2)                                                     = 2
        $.usage.in + 4 * $.usage.out                               = 180
        $.usage.items[1]                                           = 4
        $.missing ?? 5                                             = 5
        $.missing ?? -0.5                                          = -0.5
        $.none ?? 1                                                = 1
        $.a ?? 1                                                   = 6
        $.big * 10 / 10                                            = 9999999999999999
        case $.tier when 'gold' then 0.5 else 1 end * $.a          = 3
        case $.tier when 'silver' then 1 when 'gold', 'x' then 2 end = 2
        case $.code when 200 then 1 when 404.0, 500 then 3 end     = 3
        case $.code when '404' then 7 end                          = 7
        case $.ok when 'true' then 1 else 0 end                    = 1
        case $.missing when 'a' then 1 else 2 end                  = 2
        case $.tier when 'gold' then 1 else 1 / $.c end            = 1
        case $.usage when 'gold' then 1 else 9 end                 = 9
        case $['tier']when'gold'then 4 end                         = 4
        """;

    private const string Failing = """
        $.missing                        = has no value at $.missing
        $.none + 1                       = has no value at $.none
        1 + $.text                       = has no finite number of at most 16 digits before the point at $.text
        $.usage * 2                      = has no finite number of at most 16 digits before the point at $.usage
        1 + 4 / $.c                      = makes a division by zero of character 7 of the value expression
        4 ÷ ($.a - 6)                    = makes a division by zero of character 3 of the value expression
        $.big * 10                       = comes to a number of more than 16 digits before the point by the value expression
        case $.tier when 'x' then 1 end  = has a value that no case names at $.tier
        case $.no when 'x' then 1 end    = has no value at $.no
        """;

    private const string Mistaken = """
        1 +              = At character 4: here belongs a field
        $.a $.b          = At character 5: an operator is missing
        1 2              = At character 3: an operator is missing
        (1 + 2           = At character 7: ')' is missing
        1)               = At character 2: an operator is missing
        tokens * 2       = At character 1: here belongs a field
        $..a             = At character 1: a field is written such as
        $                = At character 1: a field is written such as
        $['a             = At character 1: a field is written such as
        $.a-b            = At character 5: here belongs a field
        min()            = At character 5: here belongs a field
        min 1            = At character 5: '(' is missing
        ceil(1, 2)       = At character 7: ')' is missing
        floor(1)         = At character 1: here belongs a field
        Min(1)           = At character 1: here belongs a field
        1.               = At character 1: here belongs a number
        1.2.3            = At character 1: here belongs a number
        .5               = At character 1: here belongs a field
        1e5              = At character 2: an operator is missing
        99999999999999999 = At character 1: here belongs a number
        $.a ?? $.b       = At character 8: here belongs a number
        1 ?? 2           = At character 3: an operator is missing
        case             = At character 5: a field is written such as
        case 1 when 2 then 3 end        = At character 6: a field is written such as
        case $.a then 1 end             = At character 10: 'when' is missing
        case $.a when gold then 1 end   = At character 15: here belongs a number
        case $.a when 'gold then 1 end  = At character 15: the text is not closed
        case $.a when 1 then 2          = At character 23: 'end' is missing
        $.a; drop        = At character 4: an operator is missing
        $.a ** 2         = At character 6: here belongs a field
        """;

    [Fact]
    public void Values_are_computed_exactly_and_rounded_once()
    {
        foreach (var (text, expected) in Rows(Computed))
        {
            Assert.Equal($"{text} = {expected}", $"{text} = {Evaluate(text)}");
        }
    }

    [Fact]
    public void An_event_that_has_no_value_says_why()
    {
        foreach (var (text, expected) in Rows(Failing))
        {
            Assert.Equal($"{text} = {expected}", $"{text} = {Evaluate(text)}");
        }
    }

    [Fact]
    public void A_mistake_is_told_with_its_place()
    {
        foreach (var (text, expected) in Rows(Mistaken))
        {
            Assert.StartsWith($"{text} = {expected}", $"{text} = {ValueExpression.TryParse(text, out _)}", StringComparison.Ordinal);
        }

        Assert.StartsWith("At character 1: here belongs a field", ValueExpression.TryParse("", out _), StringComparison.Ordinal);
    }

    [Fact]
    public void Length_depth_and_parts_are_bounded()
    {
        static string Nested(int deep) => new string('(', deep) + "1" + new string(')', deep);
        static string Long(int parts) => string.Join('+', Enumerable.Repeat("1", parts));

        Assert.Null(ValueExpression.TryParse(Nested(15), out _));
        Assert.Equal("At character 17: expressions stand in one another at most 16 deep.", ValueExpression.TryParse(Nested(16), out _));
        Assert.Equal("At character 17: expressions stand in one another at most 16 deep.", ValueExpression.TryParse(new string('(', 1_000), out _));
        Assert.Null(ValueExpression.TryParse(Long(100), out _));
        Assert.Contains("at most 200 parts", ValueExpression.TryParse(Long(102), out _), StringComparison.Ordinal);
        Assert.Contains("at most 1024 characters", ValueExpression.TryParse(new string(' ', 1_025), out _), StringComparison.Ordinal);
        Assert.Null(ValueExpression.TryParse(new string('-', 1_000) + "1", out _));
    }

    /// <summary>Whatever is written is computed as fractions of integers would be by hand.</summary>
    [Fact]
    public void Expressions_compute_what_their_tree_means()
    {
        var seed = (ulong)System.Diagnostics.Stopwatch.GetTimestamp();
        using var document = JsonDocument.Parse("""{"x":7,"y":"-2.25","z":0.001,"kind":"b"}""");
        var computed = 0;
        foreach (var (text, expected) in GenTree(4).Sample(3_000, new Rnd(seed), 50))
        {
            if (text.Length > ValueExpression.MaxLength)
            {
                continue;
            }

            Assert.True(ValueExpression.TryParse(text, out var expression) is null, $"seed {seed}: {text}");
            var known = expression!.TryEvaluate(document.RootElement, out var value, out _);
            Assert.True(known == expected is { } && (!known || value == Round(expected!.Value)), $"seed {seed}: {text} is {value}, not {expected}");
            computed += known ? 1 : 0;
        }

        Assert.True(computed > 1_500, "Most expressions had no value; the test showed little.");
    }

    /// <summary>A text and what it means as numerator and denominator; null where it divides by zero.</summary>
    private static Gen<(string Text, (BigInteger N, BigInteger D)? Value)> GenTree(int depth)
    {
        var leaves = Gen.Elements<(string, (BigInteger, BigInteger)?)>(
            ("$.x", (7, 1)), ("$.y", (-9, 4)), ("$ . x".Replace(" ", ""), (7, 1)), ("$.z", (1, 1000)), ("$.none ?? 3", (3, 1)),
            ("0", (0, 1)), ("1.5", (3, 2)), ("12", (12, 1)));
        if (depth == 0)
        {
            return leaves;
        }

        var inner = GenTree(depth - 1);
        var operations =
            from left in inner
            from right in inner
            from symbol in Gen.Elements("+", "-", "*", "/", "−", "×", "÷")
            from space in Gen.Elements("", " ", "\n ")
            select ($"({left.Text}{space}{symbol}{space}({right.Text}))", Apply(symbol, left.Value, right.Value));
        var extremes =
            from left in inner
            from right in inner
            from greatest in Gen.Elements(true, false)
            select ($"{(greatest ? "max" : "min")}({left.Text}, {right.Text})", Extreme(greatest, left.Value, right.Value));
        var others =
            from operand in inner
            from other in inner
            from kind in Gen.Choose(0, 3)
            select kind switch
            {
                0 => ($"ceil({operand.Text})", Ceil(operand.Value)),
                1 => ($"-({operand.Text})", operand.Value is { } value ? (-value.N, value.D) : null),
                2 => ($"case $.kind when 'a' then {other.Text} when 'b' then {operand.Text} end", operand.Value),
                _ => ($"case $.x when 1, 2 then {other.Text} else {operand.Text} end", operand.Value),
            };
        return Gen.OneOf(leaves, operations, operations, extremes, others);
    }

    private static (BigInteger N, BigInteger D)? Apply(string symbol, (BigInteger N, BigInteger D)? left, (BigInteger N, BigInteger D)? right)
    {
        if (left is not { } l || right is not { } r)
        {
            return null;
        }

        return symbol switch
        {
            "+" => ((l.N * r.D) + (r.N * l.D), l.D * r.D),
            "-" or "−" => ((l.N * r.D) - (r.N * l.D), l.D * r.D),
            "*" or "×" => (l.N * r.N, l.D * r.D),
            _ => r.N.IsZero ? null : r.N.Sign < 0 ? (-l.N * r.D, l.D * -r.N) : (l.N * r.D, l.D * r.N),
        };
    }

    private static (BigInteger N, BigInteger D)? Extreme(bool greatest, (BigInteger N, BigInteger D)? left, (BigInteger N, BigInteger D)? right)
    {
        if (left is not { } l || right is not { } r)
        {
            return null;
        }

        return l.N * r.D > r.N * l.D == greatest ? l : r;
    }

    private static (BigInteger N, BigInteger D)? Ceil((BigInteger N, BigInteger D)? value)
    {
        if (value is not { } v)
        {
            return null;
        }

        var floor = (v.N - (((v.N % v.D) + v.D) % v.D)) / v.D;
        return (floor * v.D == v.N ? floor : floor + 1, 1);
    }

    private static decimal Round((BigInteger N, BigInteger D) value)
    {
        var sign = value.N.Sign;
        var (quotient, rest) = BigInteger.DivRem(BigInteger.Abs(value.N) * BigInteger.Pow(10, 12), value.D);
        return sign * (decimal)(rest * 2 >= value.D ? quotient + 1 : quotient) / 1_000_000_000_000m;
    }

    private static string Evaluate(string text)
    {
        Assert.True(ValueExpression.TryParse(text, out var expression) is null, $"{text}: {ValueExpression.TryParse(text, out _)}");
        using var document = JsonDocument.Parse(Data);
        return expression!.TryEvaluate(document.RootElement, out var value, out var problem)
            ? value.ToString("0.############", CultureInfo.InvariantCulture)
            : problem!;
    }

    private static IEnumerable<(string Text, string Expected)> Rows(string table) =>
        table.Split('\n', StringSplitOptions.TrimEntries).Select(row => row.Split(" = ", 2, StringSplitOptions.TrimEntries))
            .Select(cells => (cells[0], cells[1]));
}
