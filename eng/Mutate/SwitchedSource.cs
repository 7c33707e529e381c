using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Metering.Mutate;

/// <summary>Rewrites a source so that it holds all its mutants at once: each carrier asks which mutant is on.</summary>
/// <remarks>
/// <c>a &lt; b</c> becomes <c>(Mutants.IsOn(8) ? a >= b : (Mutants.IsOn(7) ? a &lt;= b : a &lt; b))</c>. What a mutant changes holds no further
/// mutants, because one is on at a time; so the source grows with the depth of expressions and not with its power.
/// </remarks>
internal sealed class SwitchedSource(ILookup<SyntaxNode, Mutation> mutations) : CSharpSyntaxRewriter
{
    /// <summary>Marks the syntax of a mutant, so that an error of the compiler finds it.</summary>
    public const string Mark = "mutant";

    private static readonly IdentifierNameSyntax Discard =
        SyntaxFactory.IdentifierName(SyntaxFactory.Identifier(default, SyntaxKind.UnderscoreToken, "_", "_", default));

    /// <summary>The switch. The worker sets it by reflection.</summary>
    public static string Switch(int mutants) => $$"""
        internal static class Mutants
        {
            public static int On;
            public static readonly bool[] Reached = new bool[{{mutants + 1}}];

            public static bool IsOn(int id)
            {
                Reached[id] = true;
                return On == id;
            }
        }
        """;

    public override SyntaxNode? Visit(SyntaxNode? node)
    {
        var visited = base.Visit(node);
        if (node is null || visited is null)
        {
            return visited;
        }

        var isSwitched = false;
        foreach (var mutation in mutations[node])
        {
            var mark = new SyntaxAnnotation(Mark, $"{mutation.Id}");
            visited = visited is StatementSyntax statement
                ? Switched(mutation, statement).WithAdditionalAnnotations(mark)
                : Switched(mutation, (ExpressionSyntax)visited).WithAdditionalAnnotations(mark);
            isSwitched = true;
        }

        return isSwitched && node.Parent is ForStatementSyntax loop && node is ExpressionSyntax step && loop.Incrementors.Contains(step)
            ? SyntaxFactory.AssignmentExpression(
                SyntaxKind.SimpleAssignmentExpression, Discard, (ExpressionSyntax)visited)
            : visited;
    }

    private static StatementSyntax Switched(Mutation mutation, StatementSyntax original) => mutation.Replacement is null
        ? SyntaxFactory.IfStatement(
            SyntaxFactory.PrefixUnaryExpression(SyntaxKind.LogicalNotExpression, IsOn(mutation)), SyntaxFactory.Block(original))
        : SyntaxFactory.IfStatement(
            IsOn(mutation),
            SyntaxFactory.Block((StatementSyntax)mutation.ChangedCarrier()),
            SyntaxFactory.ElseClause(SyntaxFactory.Block(original)));

    private static ParenthesizedExpressionSyntax Switched(Mutation mutation, ExpressionSyntax original) =>
        SyntaxFactory.ParenthesizedExpression(SyntaxFactory.ConditionalExpression(
            IsOn(mutation),
            SyntaxFactory.ParenthesizedExpression((ExpressionSyntax)mutation.ChangedCarrier()),
            SyntaxFactory.ParenthesizedExpression(original)));

    private static ExpressionSyntax IsOn(Mutation mutation) => SyntaxFactory.ParseExpression($"global::Mutants.IsOn({mutation.Id})");
}
