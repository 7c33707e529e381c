using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Platform.Http;

namespace Metering.Subscriptions.Snapshots;

/// <summary>The protocol's JSON: as the API's, with nulls written out, so that a reader can insist on every field.</summary>
internal static class SidecarJson
{
    public static JsonSerializerOptions Options { get; } = new(MeteringJson.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.Never };
}
