namespace Metering.Demo.Upstream;

/// <summary>The stub's idea of tokens: the same request always costs the same, so that a reader can check the numbers.</summary>
public static class TokenCount
{
    public const int DefaultCompletion = 64;
    public const int MaxCompletion = 4_096;
    private const int CharactersPerToken = 4;

    /// <summary>One token for every four characters begun; as many completion tokens as were asked for.</summary>
    public static ChatUsage Of(ChatRequest request)
    {
        var prompt = request.Messages.Sum(message => (message.Content.Length + CharactersPerToken - 1) / CharactersPerToken);
        var completion = Math.Clamp(request.MaxTokens ?? DefaultCompletion, 1, MaxCompletion);
        return new ChatUsage(prompt, completion, prompt + completion);
    }
}
