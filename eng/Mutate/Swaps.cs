using System.Globalization;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Metering.Mutate;

/// <summary>What each operator, number and call is turned into.</summary>
internal static class Swaps
{
    private static readonly Dictionary<string, string> Calls = new()
    {
        ["Min"] = "Max", ["Max"] = "Min", ["Any"] = "All", ["All"] = "Any", ["First"] = "Last", ["Last"] = "First",
        ["FirstOrDefault"] = "LastOrDefault", ["LastOrDefault"] = "FirstOrDefault", ["OrderBy"] = "OrderByDescending",
        ["OrderByDescending"] = "OrderBy", ["ThenBy"] = "ThenByDescending",
    };

    public static SyntaxKind[] Of(SyntaxKind token) => token switch
    {
        SyntaxKind.LessThanToken => [SyntaxKind.LessThanEqualsToken, SyntaxKind.GreaterThanEqualsToken],
        SyntaxKind.LessThanEqualsToken => [SyntaxKind.LessThanToken, SyntaxKind.GreaterThanToken],
        SyntaxKind.GreaterThanToken => [SyntaxKind.GreaterThanEqualsToken, SyntaxKind.LessThanEqualsToken],
        SyntaxKind.GreaterThanEqualsToken => [SyntaxKind.GreaterThanToken, SyntaxKind.LessThanToken],
        SyntaxKind.EqualsEqualsToken => [SyntaxKind.ExclamationEqualsToken],
        SyntaxKind.ExclamationEqualsToken => [SyntaxKind.EqualsEqualsToken],
        SyntaxKind.AmpersandAmpersandToken => [SyntaxKind.BarBarToken],
        SyntaxKind.BarBarToken => [SyntaxKind.AmpersandAmpersandToken],
        SyntaxKind.PlusToken => [SyntaxKind.MinusToken],
        SyntaxKind.MinusToken => [SyntaxKind.PlusToken],
        SyntaxKind.AsteriskToken => [SyntaxKind.SlashToken],
        SyntaxKind.SlashToken => [SyntaxKind.AsteriskToken],
        SyntaxKind.PercentToken => [SyntaxKind.AsteriskToken],
        SyntaxKind.LessThanLessThanToken => [SyntaxKind.GreaterThanGreaterThanToken],
        SyntaxKind.GreaterThanGreaterThanToken => [SyntaxKind.LessThanLessThanToken],
        SyntaxKind.AmpersandToken => [SyntaxKind.BarToken],
        SyntaxKind.BarToken => [SyntaxKind.AmpersandToken],
        SyntaxKind.CaretToken => [SyntaxKind.AmpersandToken],
        SyntaxKind.PlusEqualsToken => [SyntaxKind.MinusEqualsToken],
        SyntaxKind.MinusEqualsToken => [SyntaxKind.PlusEqualsToken],
        SyntaxKind.BarEqualsToken => [SyntaxKind.AmpersandEqualsToken],
        _ => [],
    };

    public static SyntaxKind ExpressionOf(SyntaxKind token) =>
        SyntaxFacts.GetBinaryExpression(token) is var binary and not SyntaxKind.None ? binary : SyntaxFacts.GetAssignmentExpression(token);

    public static LiteralExpressionSyntax? OneMore(LiteralExpressionSyntax number) => number.Token.Value switch
    {
        int value => Number($"{value + 1}"),
        long value => Number($"{value + 1L}L"),
        decimal value => Number(string.Create(CultureInfo.InvariantCulture, $"{value + 1m}m")),
        _ => null,
    };

    /// <summary>The call that does the opposite: the largest instead of the smallest, all instead of any.</summary>
    public static string? OtherCall(MemberAccessExpressionSyntax call) => Calls.GetValueOrDefault(call.Name.Identifier.Text);

    private static LiteralExpressionSyntax Number(string text) => (LiteralExpressionSyntax)SyntaxFactory.ParseExpression(text);
}
