using System.Text.Json;

namespace Metering.Ingest.Meters.Expressions;

/// <summary>
/// What an event is worth, computed from its fields: <c>$.input + 4 * $.output</c>, <c>ceil($.bytes / 1000000)</c>,
/// <c>case $.tier when 'gold' then 0.5 else 1 end * $.tokens</c>. Exact until the end, where the value is rounded once to twelve decimals,
/// half away from zero. The language: <c>docs/reference/value-expressions.md</c>.
/// </summary>
internal sealed class ValueExpression
{
    public const int MaxLength = 1_024;

    private readonly ExpressionNode root;

    private ValueExpression(ExpressionNode root) => this.root = root;

    /// <returns>Null when the text is an expression; otherwise what is wrong with it and where.</returns>
    public static string? TryParse(string text, out ValueExpression? expression)
    {
        expression = null;
        if (text.Length > MaxLength)
        {
            return $"An expression has at most {MaxLength} characters.";
        }

        var parser = new ExpressionParser(text);
        if (parser.Parse() is { } root)
        {
            expression = new ValueExpression(root);
        }

        return parser.Error;
    }

    /// <param name="data">The event's data; undefined when it has none.</param>
    /// <param name="problem">Why there is no value, as what the event does.</param>
    public bool TryEvaluate(JsonElement data, out decimal value, out string? problem)
    {
        value = 0m;
        if (!root.TryEvaluate(data, out var exact, out problem))
        {
            return false;
        }

        if (!exact.TryRound(EventValue.Decimals, EventValue.MaxNumber, out value))
        {
            problem = "comes to a number of more than 16 digits before the point by the value expression";
        }

        return problem is null;
    }
}
