namespace Metering.Demo.Upstream;

/// <summary>A stand-in for a language model behind the gateway: answers as OpenAI does, at once and always alike.</summary>
public static class StubModel
{
    private const long MaxBodyBytes = 64 << 10;
    private const int MaxMessages = 64;

    public static async Task<int> RunAsync(DemoSettings settings, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = MaxBodyBytes);
        builder.WebHost.UseUrls($"http://127.0.0.1:{settings.UpstreamPort}");
        await using var app = builder.Build();
        app.MapGet("/health/live", () => "live");
        app.MapPost("/v1/chat/completions", (ChatRequest request, HttpContext context) => Answer(request, context));
        await app.RunAsync(cancellationToken);
        return 0;
    }

    private static IResult Answer(ChatRequest request, HttpContext context)
    {
        if (request.Messages is not { Count: > 0 and <= MaxMessages })
        {
            var error = new { message = $"messages holds 1 to {MaxMessages} messages", type = "invalid_request_error" };
            return Results.BadRequest(new { error });
        }

        return Results.Json(new ChatCompletion(
            "chatcmpl-" + context.TraceIdentifier,
            "chat.completion",
            TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
            request.Model,
            [new ChatChoice(0, new ChatMessage("assistant", "In short: it is all about the flow of usage into invoices."), "stop")],
            TokenCount.Of(request)));
    }
}
