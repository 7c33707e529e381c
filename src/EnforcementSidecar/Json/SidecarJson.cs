using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Json;

/// <summary>The protocol with Host in camelCase, generated at build time: nothing here needs reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowOutOfOrderMetadataProperties = true,
    MaxDepth = SidecarJson.MaxDepth,
    Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(SidecarMessage))]
[JsonSerializable(typeof(LeaseExchangeRequest))]
[JsonSerializable(typeof(LeaseExchangeResponse))]
[JsonSerializable(typeof(SidecarAcknowledgement))]
[JsonSerializable(typeof(SettlementExchangeRequest))]
[JsonSerializable(typeof(SettlementExchangeResponse))]
internal sealed partial class SidecarJson : JsonSerializerContext
{
    public const int MaxDepth = 32;
}
