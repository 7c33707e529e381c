using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Metering.Mutate;

/// <summary>Finds every place where an operator, a constant or a statement can be turned into another or left out.</summary>
/// <remarks>
/// Not mutated: text, which goldens hold; what is thrown, whose type tests hold; and guards against null, which the compiler holds.
/// </remarks>
internal sealed class Mutator(string file, int idsUsed) : CSharpSyntaxWalker
{
    private readonly List<Mutation> found = [];
    private int ids = idsUsed;

    public static IReadOnlyList<Mutation> In(string file, SyntaxNode root, int idsUsed)
    {
        var mutator = new Mutator(file, idsUsed);
        mutator.Visit(root);
        return mutator.found;
    }

    public override void VisitAttributeList(AttributeListSyntax node)
    {
    }

    public override void VisitThrowExpression(ThrowExpressionSyntax node)
    {
    }

    public override void VisitThrowStatement(ThrowStatementSyntax node)
    {
    }

    public override void VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        var isText = node.IsKind(SyntaxKind.AddExpression) && new[] { node.Left, node.Right }.Any(side =>
            side.IsKind(SyntaxKind.StringLiteralExpression) || side is InterpolatedStringExpressionSyntax);
        foreach (var to in isText ? [] : Swaps.Of(node.OperatorToken.Kind()))
        {
            var token = SyntaxFactory.Token(to);
            Add(node, SyntaxFactory.BinaryExpression(Swaps.ExpressionOf(to), node.Left, token, node.Right), node.OperatorToken.Text, token.Text);
        }

        if (node.IsKind(SyntaxKind.CoalesceExpression) && node.Right is not ThrowExpressionSyntax)
        {
            Add(node, node.Right, $"{node.Left} ??", "nothing");
        }

        base.VisitBinaryExpression(node);
    }

    public override void VisitBinaryPattern(BinaryPatternSyntax node)
    {
        var (kind, token) = node.IsKind(SyntaxKind.OrPattern)
            ? (SyntaxKind.AndPattern, SyntaxFactory.Token(SyntaxKind.AndKeyword))
            : (SyntaxKind.OrPattern, SyntaxFactory.Token(SyntaxKind.OrKeyword));
        Add(node, SyntaxFactory.BinaryPattern(kind, node.Left, token, node.Right), node.OperatorToken.Text, token.Text);
        base.VisitBinaryPattern(node);
    }

    public override void VisitRelationalPattern(RelationalPatternSyntax node)
    {
        foreach (var to in Swaps.Of(node.OperatorToken.Kind()))
        {
            var token = SyntaxFactory.Token(to);
            Add(node, SyntaxFactory.RelationalPattern(token, node.Expression), $"{node.OperatorToken.Text} (pattern)", token.Text);
        }

        base.VisitRelationalPattern(node);
    }

    public override void VisitIsPatternExpression(IsPatternExpressionSyntax node)
    {
        var pattern = node.Pattern;
        var turned = pattern is UnaryPatternSyntax not ? not.Pattern : SyntaxFactory.UnaryPattern(SyntaxFactory.ParenthesizedPattern(pattern));
        if (pattern is ConstantPatternSyntax or TypePatternSyntax or UnaryPatternSyntax { Pattern: ConstantPatternSyntax })
        {
            Add(node, node.WithPattern(turned), $"is {pattern}", pattern is UnaryPatternSyntax ? $"is {turned}" : $"is not {pattern}");
        }

        base.VisitIsPatternExpression(node);
    }

    public override void VisitAssignmentExpression(AssignmentExpressionSyntax node)
    {
        foreach (var to in Swaps.Of(node.OperatorToken.Kind()))
        {
            var token = SyntaxFactory.Token(to);
            Add(node, SyntaxFactory.AssignmentExpression(Swaps.ExpressionOf(to), node.Left, token, node.Right), node.OperatorToken.Text, token.Text);
        }

        base.VisitAssignmentExpression(node);
    }

    public override void VisitPostfixUnaryExpression(PostfixUnaryExpressionSyntax node)
    {
        var (kind, to) = node.Kind() switch
        {
            SyntaxKind.PostIncrementExpression => (SyntaxKind.PostDecrementExpression, SyntaxKind.MinusMinusToken),
            SyntaxKind.PostDecrementExpression => (SyntaxKind.PostIncrementExpression, SyntaxKind.PlusPlusToken),
            _ => (SyntaxKind.None, SyntaxKind.None),
        };
        if (kind != SyntaxKind.None)
        {
            var token = SyntaxFactory.Token(to);
            Add(node, SyntaxFactory.PostfixUnaryExpression(kind, node.Operand, token), node.OperatorToken.Text, token.Text);
        }

        base.VisitPostfixUnaryExpression(node);
    }

    public override void VisitPrefixUnaryExpression(PrefixUnaryExpressionSyntax node)
    {
        if (node.IsKind(SyntaxKind.LogicalNotExpression) || node.IsKind(SyntaxKind.UnaryMinusExpression))
        {
            Add(node, node.Operand, node.OperatorToken.Text, "nothing");
        }
        else if (node.IsKind(SyntaxKind.PreIncrementExpression))
        {
            var token = SyntaxFactory.Token(SyntaxKind.MinusMinusToken);
            Add(node, SyntaxFactory.PrefixUnaryExpression(SyntaxKind.PreDecrementExpression, token, node.Operand), "++", "--");
        }

        base.VisitPrefixUnaryExpression(node);
    }

    public override void VisitLiteralExpression(LiteralExpressionSyntax node)
    {
        var to = node.Kind() switch
        {
            SyntaxKind.TrueLiteralExpression => SyntaxFactory.LiteralExpression(SyntaxKind.FalseLiteralExpression),
            SyntaxKind.FalseLiteralExpression => SyntaxFactory.LiteralExpression(SyntaxKind.TrueLiteralExpression),
            SyntaxKind.NumericLiteralExpression => Swaps.OneMore(node),
            _ => null,
        };
        if (to is not null)
        {
            Add(node, to, node.ToString(), to.ToString());
        }
    }

    public override void VisitInvocationExpression(InvocationExpressionSyntax node)
    {
        if (node.Expression is MemberAccessExpressionSyntax member && Swaps.OtherCall(member) is { } other)
        {
            var name = SyntaxFactory.IdentifierName(other);
            Add(node, node.WithExpression(member.WithName(name)), $"{member.Name}", other);
        }

        base.VisitInvocationExpression(node);
    }

    public override void VisitIfStatement(IfStatementSyntax node)
    {
        Negate(node.Condition);
        base.VisitIfStatement(node);
    }

    public override void VisitWhileStatement(WhileStatementSyntax node)
    {
        Negate(node.Condition);
        base.VisitWhileStatement(node);
    }

    public override void VisitConditionalExpression(ConditionalExpressionSyntax node)
    {
        Negate(node.Condition);
        base.VisitConditionalExpression(node);
    }

    public override void VisitExpressionStatement(ExpressionStatementSyntax node)
    {
        var declares = node.Expression is AssignmentExpressionSyntax { Left: DeclarationExpressionSyntax };
        if (node.ToString().Contains(".ThrowIfNull(", StringComparison.Ordinal))
        {
            return;
        }

        if (!declares)
        {
            LeaveOut(node);
        }

        base.VisitExpressionStatement(node);
    }

    public override void VisitContinueStatement(ContinueStatementSyntax node) => LeaveOut(node);

    public override void VisitReturnStatement(ReturnStatementSyntax node)
    {
        if (node.Expression is null)
        {
            LeaveOut(node);
        }

        base.VisitReturnStatement(node);
    }

    /// <summary>Conditions that are a name or a call; operators within others are mutated one by one.</summary>
    private void Negate(ExpressionSyntax condition)
    {
        if (condition is IdentifierNameSyntax or InvocationExpressionSyntax or MemberAccessExpressionSyntax)
        {
            Add(
                condition,
                SyntaxFactory.PrefixUnaryExpression(SyntaxKind.LogicalNotExpression, SyntaxFactory.ParenthesizedExpression(condition)),
                condition.ToString(),
                $"!{condition}");
        }
    }

    private void LeaveOut(StatementSyntax statement) => Add(statement, replacement: null, statement.ToString(), "nothing");

    private void Add(SyntaxNode target, SyntaxNode? replacement, string from, string to)
    {
        var place = target.GetLocation().GetLineSpan().StartLinePosition;
        var text = target.SyntaxTree.GetText().Lines[place.Line].ToString().Trim();
        var carrier = Carriers.Of(target);
        found.Add(new Mutation(++ids, file, MemberOf(target), place.Line + 1, text, OneLine(from), OneLine(to), target, replacement, carrier));
    }

    private static string MemberOf(SyntaxNode target) => target.Ancestors().OfType<MemberDeclarationSyntax>().First() switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        PropertyDeclarationSyntax property => property.Identifier.Text,
        FieldDeclarationSyntax field => field.Declaration.Variables[0].Identifier.Text,
        OperatorDeclarationSyntax operation => operation.OperatorToken.Text,
        ConstructorDeclarationSyntax => "constructor",
        TypeDeclarationSyntax type => type.Identifier.Text,
        var other => other.Kind().ToString(),
    };

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
