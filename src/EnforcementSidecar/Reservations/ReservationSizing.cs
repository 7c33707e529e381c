using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>
/// How much to reserve. A tokenizer that works on bytes makes at most one token of each, and what JSON escapes only adds bytes: so the length
/// of a body bounds its tokens, unless it is compressed or the provider adds what is not in it. About four bytes of text are a token.
/// </summary>
internal static class ReservationSizing
{
    private const long BytesOfTokens = 10;
    private const long TokensOfBytes = 3;

    /// <param name="usualOutput">What the model's answers rarely exceed; null when that is not known.</param>
    /// <returns>False when nothing bounds the input, or in an estimate nothing is known of it.</returns>
    public static bool TrySize(in ModelCall call, ReservationTerms terms, long? usualOutput, out ReservedCall reserved)
    {
        reserved = default;
        var input = terms.Mode == ReservationMode.Strict ? BoundOf(call, terms) : EstimateOf(call) ?? terms.MaxContextTokens;
        if (input is null && terms.Counts != CountedTokens.Output)
        {
            return false;
        }

        var most = Math.Min(call.MaxOutputTokens ?? terms.DefaultOutputTokens, terms.MaxOutputTokens);
        var each = terms.Mode == ReservationMode.Strict ? most : Math.Min(most, usualOutput ?? terms.DefaultOutputTokens);
        var (inputUnits, outputUnits) = (input ?? 0, call.Choices * each);
        var units = terms.Counts switch
        {
            CountedTokens.Input => inputUnits,
            CountedTokens.Output => outputUnits,
            CountedTokens.Total => inputUnits + outputUnits,
        };
        reserved = new ReservedCall(Math.Max(1, units), Math.Min(EstimateOf(call) ?? inputUnits, inputUnits), most);
        return true;
    }

    /// <summary>About how many tokens a text is, a fifth more to be on the safe side.</summary>
    public static long TokensIn(long bytes) => ((bytes * TokensOfBytes) + BytesOfTokens - 1) / BytesOfTokens;

    private static long? BoundOf(in ModelCall call, ReservationTerms terms)
    {
        var bound = call switch
        {
            { HasServerContext: true } => null,
            { PromptTokens: { } tokens } => tokens + terms.OverheadBytes,
            { InputIsEncoded: false, InputBytes: { } bytes } => bytes + terms.OverheadBytes,
            _ => (long?)null,
        };

        // A model reads no more than its context, however long the body is.
        return terms.MaxContextTokens is { } context ? Math.Min(bound ?? context, context) : bound;
    }

    private static long? EstimateOf(in ModelCall call) => call switch
    {
        { PromptTokens: { } tokens } => tokens,
        { InputIsEncoded: false, InputBytes: { } bytes } => TokensIn(bytes),
        _ => null,
    };
}
