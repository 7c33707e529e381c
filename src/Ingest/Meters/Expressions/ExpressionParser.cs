using System.Collections.Immutable;

namespace Metering.Ingest.Meters.Expressions;

/// <summary>
/// Recursive descent over the text of a value expression. Stops at the first mistake.
/// <code>
/// sum      product { (+ | -) product }
/// product  factor { (* | /) factor }
/// factor   {-} ( number | field [?? number] | ( sum ) | min(sum, …) | max(sum, …) | ceil(sum)
///          | case field when literal {, literal} then sum {when …} [else sum] end )
/// </code>
/// </summary>
internal sealed class ExpressionParser(string text)
{
    private const int MaxDepth = 16;
    private const int MaxParts = 200;

    private readonly ExpressionScanner scanner = new(text);
    private int depth;
    private int parts;

    public string? Error => scanner.Error;

    /// <returns>Null when there is a mistake.</returns>
    public ExpressionNode? Parse()
    {
        var root = Sum();
        if (root is not null && scanner.Next != '\0')
        {
            return Refuse("an operator is missing, or the expression should end here");
        }

        return root;
    }

    private ExpressionNode? Sum()
    {
        if (depth == MaxDepth)
        {
            return Refuse($"expressions stand in one another at most {MaxDepth} deep");
        }

        depth++;
        var left = Product();
        while (left is not null && TryOperator(isProduct: false, out var operation, out var position))
        {
            left = Product() is { } right ? Counted(new ExpressionNode.Operation(left, operation, right, position)) : null;
        }

        depth--;
        return left;
    }

    private ExpressionNode? Product()
    {
        var left = Factor();
        while (left is not null && TryOperator(isProduct: true, out var operation, out var position))
        {
            left = Factor() is { } right ? Counted(new ExpressionNode.Operation(left, operation, right, position)) : null;
        }

        return left;
    }

    private ExpressionNode? Factor()
    {
        var isNegative = false;
        while (scanner.TryTake("-") || scanner.TryTake("−"))
        {
            isNegative = !isNegative;
        }

        return Unsigned() is { } operand ? isNegative ? Counted(new ExpressionNode.Negation(operand)) : operand : null;
    }

    private ExpressionNode? Unsigned()
    {
        switch (scanner.Next)
        {
            case '$':
                return Field();
            case >= '0' and <= '9':
                return scanner.Number() is { } number ? Counted(new ExpressionNode.Number(number)) : null;
            case '(':
                scanner.TryTake("(");
                return Sum() is { } inner && scanner.Expect(")") ? inner : null;
        }

        if (scanner.TryTakeWord("case"))
        {
            return Case();
        }

        if (scanner.TryTakeWord("ceil"))
        {
            return scanner.Expect("(") && Sum() is { } operand && scanner.Expect(")") ? Counted(new ExpressionNode.Ceiling(operand)) : null;
        }

        var greatest = scanner.TryTakeWord("max");
        if (greatest || scanner.TryTakeWord("min"))
        {
            return Operands() is { } operands ? Counted(new ExpressionNode.Extreme(greatest, operands)) : null;
        }

        return Refuse("here belongs a field such as $.tokens, a number, a parenthesis, min, max, ceil or case");
    }

    private ImmutableArray<ExpressionNode>? Operands()
    {
        if (!scanner.Expect("("))
        {
            return null;
        }

        var operands = ImmutableArray.CreateBuilder<ExpressionNode>();
        do
        {
            if (Sum() is not { } operand)
            {
                return null;
            }

            operands.Add(operand);
        }
        while (scanner.TryTake(","));
        return scanner.Expect(")") ? operands.ToImmutable() : null;
    }

    private ExpressionNode? Case()
    {
        if (scanner.Path() is not { } field || !scanner.ExpectWord("when"))
        {
            return null;
        }

        var branches = ImmutableArray.CreateBuilder<CaseBranch>();
        do
        {
            if (Branch() is not { } branch)
            {
                return null;
            }

            branches.Add(branch);
        }
        while (scanner.TryTakeWord("when"));

        ExpressionNode? otherwise = null;
        if (scanner.TryTakeWord("else") && (otherwise = Sum()) is null)
        {
            return null;
        }

        return scanner.ExpectWord("end") ? Counted(new ExpressionNode.Case(field.Text, field.Path, branches.ToImmutable(), otherwise)) : null;
    }

    private CaseBranch? Branch()
    {
        var texts = ImmutableArray.CreateBuilder<string>();
        var numbers = ImmutableArray.CreateBuilder<decimal>();
        do
        {
            if (scanner.Next == '\'')
            {
                if (scanner.Literal() is not { } literal)
                {
                    return null;
                }

                texts.Add(literal);
            }
            else if (scanner.Number() is { } number)
            {
                numbers.Add(number);
            }
            else
            {
                return null;
            }
        }
        while (scanner.TryTake(","));
        parts += texts.Count + numbers.Count;
        return scanner.ExpectWord("then") && Sum() is { } then ? new CaseBranch(texts.ToImmutable(), numbers.ToImmutable(), then) : null;
    }

    private ExpressionNode? Field()
    {
        if (scanner.Path() is not { } field)
        {
            return null;
        }

        decimal? otherwise = null;
        if (scanner.TryTake("??") && (otherwise = scanner.Number()) is null)
        {
            return null;
        }

        return Counted(new ExpressionNode.Field(field.Text, field.Path, otherwise));
    }

    private bool TryOperator(bool isProduct, out Operator operation, out int position)
    {
        position = scanner.Position;
        (operation, var wanted) = scanner.Next switch
        {
            '+' => (Operator.Add, !isProduct),
            '-' or '−' => (Operator.Subtract, !isProduct),
            '*' or '×' => (Operator.Multiply, isProduct),
            '/' or '÷' => (Operator.Divide, isProduct),
            _ => (default, false),
        };
        return wanted && scanner.TryTake($"{scanner.Next}");
    }

    private ExpressionNode? Counted(ExpressionNode node) =>
        ++parts > MaxParts ? Refuse($"an expression has at most {MaxParts} parts") : node;

    private ExpressionNode? Refuse(string problem)
    {
        scanner.Refuse(problem);
        return null;
    }
}
