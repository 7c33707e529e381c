using Microsoft.CodeAnalysis;

namespace Metering.Mutate;

/// <summary>One change to the sources: an operator, a constant or a statement turned into another, or left out.</summary>
/// <param name="Id">From 1, in the order of the sources.</param>
/// <param name="File">Relative to the core.</param>
/// <param name="Member">The method, property or field it is in.</param>
/// <param name="Line">From 1.</param>
/// <param name="Text">The line.</param>
/// <param name="From">What stands there.</param>
/// <param name="To">What the mutant makes of it.</param>
/// <param name="Target">The syntax that changes.</param>
/// <param name="Replacement">What it becomes; null when it is left out.</param>
/// <param name="Carrier">The expression or statement around it that can be switched while the program runs; null when there is none.</param>
internal sealed record Mutation(
    int Id,
    string File,
    string Member,
    int Line,
    string Text,
    string From,
    string To,
    SyntaxNode Target,
    SyntaxNode? Replacement,
    SyntaxNode? Carrier)
{
    /// <summary>Names the mutant without its line number, so that a reason given for it outlives other changes to the file.</summary>
    public string Key => $"{File} {Member} | {From} → {To} | {Text}";

    public override string ToString() => $"{File} {Member} {Line} `{From}` → `{To}` in `{Text}`";

    /// <summary>The change made to the carrier itself.</summary>
    public SyntaxNode ChangedCarrier() =>
        Carrier == Target ? Replacement! : Carrier!.ReplaceNode(Target, Replacement!);
}
