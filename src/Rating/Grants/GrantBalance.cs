namespace Metering.Rating;

/// <summary>What is left of one grant.</summary>
/// <param name="GrantId">Which grant.</param>
/// <param name="Balance">Zero or above.</param>
public readonly record struct GrantBalance(string GrantId, decimal Balance);
