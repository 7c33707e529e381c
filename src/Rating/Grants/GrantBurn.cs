namespace Metering.Rating;

/// <summary>What a segment burnt of one grant in force.</summary>
/// <param name="GrantId">Which grant.</param>
/// <param name="BalanceAtStart">Before the segment's usage.</param>
/// <param name="Used">How much of the segment's usage it covered.</param>
public readonly record struct GrantBurn(string GrantId, decimal BalanceAtStart, decimal Used)
{
    /// <summary>After the segment's usage, and before whatever happens where the next segment begins.</summary>
    public decimal BalanceAtEnd => BalanceAtStart - Used;
}
