using System.Text.Json.Nodes;

namespace Metering.Demo.Story;

/// <summary>Says who sells (<c>billing-profile.json</c>) and publishes what is for sale, from <c>samples/plans</c>, each as it is.</summary>
public sealed class Catalog(HostApi api)
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "plans");
    private static readonly string Profile = Path.Combine(AppContext.BaseDirectory, "billing-profile.json");
    private static readonly string[] Plans = ["free", "pro", "enterprise"];

    /// <summary>How many things <see cref="PublishAsync"/> publishes, for a progress bar.</summary>
    public static int Steps => Read("meters.json").AsArray().Count + Read("features.json").AsArray().Count + Plans.Length + 1;

    public async Task PublishAsync(Action published, CancellationToken cancellationToken)
    {
        var profile = JsonNode.Parse(await File.ReadAllTextAsync(Profile, cancellationToken))!;
        await api.PutAsync("/api/v1/billing/profiles/default", profile, cancellationToken);
        published();
        foreach (var (file, route) in new[] { ("meters.json", "/api/v1/meters"), ("features.json", "/api/v1/features") })
        {
            foreach (var entry in Read(file).AsArray())
            {
                await api.PostAsync(route, entry!, cancellationToken);
                published();
            }
        }

        foreach (var plan in Plans)
        {
            var draft = await api.PostAsync("/api/v1/plans", Read(plan + ".json"), cancellationToken);
            await api.PostAsync($"/api/v1/plans/{draft["id"]}/publish", new JsonObject(), cancellationToken);
            published();
        }
    }

    private static JsonNode Read(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, file)))!;
}
