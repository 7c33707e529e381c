using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Metering.Mutate;

/// <summary>Finds what can be switched between original and mutant while the program runs.</summary>
internal static class Carriers
{
    /// <summary>
    /// The smallest expression or statement around a change that may stand twice, once changed; null where the language wants a constant or where
    /// the expression declares a variable.
    /// </summary>
    public static SyntaxNode? Of(SyntaxNode target)
    {
        var carrier = IsConstant(target) ? null : Around(target);
        return carrier is null || Declares(carrier) || IsEndless(carrier) ? null : carrier;
    }

    private static SyntaxNode? Around(SyntaxNode target)
    {
        if (target is StatementSyntax)
        {
            return target;
        }

        if (OutermostPattern(target) is { } pattern)
        {
            return pattern.Parent switch
            {
                IsPatternExpressionSyntax test => test,
                SwitchExpressionArmSyntax arm => arm.Parent,
                _ => null,
            };
        }

        return target.Parent is ExpressionStatementSyntax statement ? statement : target;
    }

    private static SyntaxNode? OutermostPattern(SyntaxNode target)
    {
        SyntaxNode? pattern = null;
        for (var node = target; node is ExpressionSyntax or PatternSyntax or SubpatternSyntax or PropertyPatternClauseSyntax
            or PositionalPatternClauseSyntax; node = node.Parent)
        {
            if (pattern is not null && node is ExpressionSyntax)
            {
                break;
            }

            pattern = node as PatternSyntax ?? pattern;
        }

        return pattern;
    }

    private static bool IsConstant(SyntaxNode target) => target.AncestorsAndSelf().Any(node => node
        is AttributeSyntax
        or EnumMemberDeclarationSyntax
        or ParameterSyntax
        or CaseSwitchLabelSyntax
        or InterpolationAlignmentClauseSyntax
        || (node is FieldDeclarationSyntax field && field.Modifiers.Any(modifier => modifier.Text == "const"))
        || (node is LocalDeclarationStatementSyntax local && local.IsConst));

    private static bool Declares(SyntaxNode carrier) => carrier
        .DescendantNodesAndSelf(node => node is not LambdaExpressionSyntax)
        .Any(node => node is VariableDesignationSyntax);

    /// <summary>The compiler follows what a loop without an end assigns; a switched condition would hide that it has none.</summary>
    private static bool IsEndless(SyntaxNode carrier) => carrier.Parent is WhileStatementSyntax && carrier is LiteralExpressionSyntax;
}
