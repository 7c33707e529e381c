namespace Metering.Mutate;

/// <summary>One change to one line of source: an operator or a constant turned into another.</summary>
internal sealed record Mutation(string File, int Line, int Column, string From, string To, string Before)
{
    /// <summary>The line with the change.</summary>
    public string After => string.Concat(Before.AsSpan(0, Column), To, Before.AsSpan(Column + From.Length));

    public override string ToString() => $"{File}:{Line + 1}:{Column + 1} `{From.Trim()}` → `{To.Trim()}` in `{Before.Trim()}`";
}
