using System.Globalization;
using System.Text.Json.Nodes;

namespace Metering.Demo.Story;

/// <summary>The product's test clock: it stands until the story moves it on.</summary>
public sealed class StoryClock(HostApi api)
{
    /// <summary>Where it stands.</summary>
    public async Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken) =>
        Parse((await api.GetAsync("/api/v1/test-clock", cancellationToken))["now"]!);

    /// <summary>Everything that falls due on the way has happened when this returns.</summary>
    public Task AdvanceToAsync(DateTimeOffset instant, CancellationToken cancellationToken) =>
        api.PostAsync("/api/v1/test-clock/advance", new JsonObject { ["to"] = Format(instant) }, cancellationToken);

    public static DateTimeOffset Parse(JsonNode time) => DateTimeOffset.Parse(time.GetValue<string>(), CultureInfo.InvariantCulture);

    public static string Format(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);
}
