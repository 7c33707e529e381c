namespace Metering.Demo.Story;

/// <summary>The story's own count of what one customer was answered, kept apart from what the product counts.</summary>
public sealed class Tally
{
    private readonly Dictionary<string, int> refused = new(StringComparer.Ordinal);

    public int Asked { get; private set; }

    public int Answered { get; private set; }

    /// <summary>By the models' own account.</summary>
    public long Tokens { get; private set; }

    /// <summary>The first refusal of each kind, with its headers.</summary>
    public Dictionary<string, GatewayAnswer> FirstRefusals { get; } = new(StringComparer.Ordinal);

    public int RefusedFor(string reason) => refused.GetValueOrDefault(reason);

    public void Count(GatewayAnswer answer)
    {
        Asked++;
        if (answer.Status == StatusCodes.Status200OK)
        {
            Answered++;
            Tokens += answer.Tokens;
            return;
        }

        refused[answer.Reason] = refused.GetValueOrDefault(answer.Reason) + 1;
        FirstRefusals.TryAdd(answer.Reason, answer);
    }
}
