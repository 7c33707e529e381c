using System.Collections.Immutable;
using System.Text.Json;

namespace Metering.Ingest.Meters.Expressions;

/// <summary>A part of a value expression. Closed: the nested kinds are all there are.</summary>
internal abstract record ExpressionNode
{
    private ExpressionNode()
    {
    }

    /// <param name="problem">Why there is no value, as what the event does: <c>has no value at $.tokens</c>.</param>
    public abstract bool TryEvaluate(JsonElement data, out Fraction value, out string? problem);

    public sealed record Number(decimal Value) : ExpressionNode
    {
        private readonly Fraction value = Fraction.Of(Value);

        public override bool TryEvaluate(JsonElement data, out Fraction result, out string? problem)
        {
            (result, problem) = (value, null);
            return true;
        }
    }

    /// <param name="Otherwise">What stands for a field that is absent; null when the field has to be there.</param>
    public sealed record Field(string Text, JsonPath Path, decimal? Otherwise) : ExpressionNode
    {
        public override bool TryEvaluate(JsonElement data, out Fraction value, out string? problem)
        {
            (value, problem) = (default, null);
            var number = Otherwise.GetValueOrDefault();
            if (!Path.TryFind(data, out var found))
            {
                problem = Otherwise is null ? $"has no value at {Text}" : null;
            }
            else if (!EventValue.TryNumber(found, out number))
            {
                problem = $"has no finite number of at most 16 digits before the point at {Text}";
            }

            value = Fraction.Of(number);
            return problem is null;
        }
    }

    public sealed record Negation(ExpressionNode Operand) : ExpressionNode
    {
        public override bool TryEvaluate(JsonElement data, out Fraction value, out string? problem)
        {
            var known = Operand.TryEvaluate(data, out var operand, out problem);
            value = known ? -operand : default;
            return known;
        }
    }

    /// <param name="At">Where the operator stands in the expression, from 1.</param>
    public sealed record Operation(ExpressionNode Left, Operator Operator, ExpressionNode Right, int At) : ExpressionNode
    {
        public override bool TryEvaluate(JsonElement data, out Fraction value, out string? problem)
        {
            value = default;
            if (!Left.TryEvaluate(data, out var left, out problem) || !Right.TryEvaluate(data, out var right, out problem))
            {
                return false;
            }

            if (Operator == Operator.Divide && right.IsZero)
            {
                problem = $"makes a division by zero of character {At} of the value expression";
                return false;
            }

            value = Operator switch
            {
                Operator.Add => left + right,
                Operator.Subtract => left - right,
                Operator.Multiply => left * right,
                Operator.Divide => left / right,
            };
            return true;
        }
    }

    public sealed record Extreme(bool Greatest, ImmutableArray<ExpressionNode> Operands) : ExpressionNode
    {
        public override bool TryEvaluate(JsonElement data, out Fraction value, out string? problem)
        {
            var known = Operands[0].TryEvaluate(data, out value, out problem);
            for (var i = 1; known && i < Operands.Length; i++)
            {
                known = Operands[i].TryEvaluate(data, out var next, out problem);
                if (known && next.CompareTo(value) > 0 == Greatest)
                {
                    value = next;
                }
            }

            return known;
        }
    }

    public sealed record Ceiling(ExpressionNode Operand) : ExpressionNode
    {
        public override bool TryEvaluate(JsonElement data, out Fraction value, out string? problem)
        {
            var known = Operand.TryEvaluate(data, out var operand, out problem);
            value = known ? operand.Ceiling() : default;
            return known;
        }
    }

    /// <summary>The first branch that names the field's value; only that branch is computed.</summary>
    /// <param name="Otherwise">Null: a value that no branch names is a mistake of the event.</param>
    public sealed record Case(string Text, JsonPath Path, ImmutableArray<CaseBranch> Branches, ExpressionNode? Otherwise) : ExpressionNode
    {
        public override bool TryEvaluate(JsonElement data, out Fraction value, out string? problem)
        {
            JsonElement? field = Path.TryFind(data, out var found) ? found : null;
            var chosen = field is { } named ? Branches.FirstOrDefault(branch => branch.Names(named))?.Then ?? Otherwise : Otherwise;
            if (chosen is not null)
            {
                return chosen.TryEvaluate(data, out value, out problem);
            }

            (value, problem) = (default, field is null ? $"has no value at {Text}" : $"has a value that no case names at {Text}");
            return false;
        }
    }
}

internal enum Operator
{
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// <summary>When the field is one of these texts or numbers, then this.</summary>
internal sealed record CaseBranch(ImmutableArray<string> Texts, ImmutableArray<decimal> Numbers, ExpressionNode Then)
{
    public bool Names(JsonElement field) =>
        (!Texts.IsEmpty && EventValue.TryText(field, out var text) && Texts.Contains(text!))
        || (!Numbers.IsEmpty && EventValue.TryNumber(field, out var number) && Numbers.Contains(number));
}
