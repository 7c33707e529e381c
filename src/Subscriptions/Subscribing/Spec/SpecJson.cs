using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Platform.Http;

namespace Metering.Subscriptions.Subscribing.Spec;

/// <summary>
/// Specs as they are stored. Unlike the API it forgives: a version written years ago may lack a field or have one more, and is read all the same.
/// </summary>
internal static class SpecJson
{
    private static readonly JsonSerializerOptions Options = new(MeteringJson.Options)
    {
        RespectRequiredConstructorParameters = false,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    };

    public static string Write(SubscriptionSpec spec) => JsonSerializer.Serialize(spec, Options);

    public static SubscriptionSpec Read(string json)
    {
        var spec = JsonSerializer.Deserialize<SubscriptionSpec>(json, Options)!;
        return spec.Withdrawn.IsDefault ? spec with { Withdrawn = [] } : spec;
    }
}
