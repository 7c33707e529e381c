namespace Metering.Demo.Story;

/// <summary>What a customer's program sees of one request.</summary>
/// <param name="Tokens">What the model says it used; 0 unless it was reached.</param>
/// <param name="Headers">Those that tell a refused program what to do: RateLimit, RateLimit-Policy, Retry-After.</param>
public sealed record GatewayAnswer(int Status, string Body, int Tokens, IReadOnlyList<(string Name, string Value)> Headers);
