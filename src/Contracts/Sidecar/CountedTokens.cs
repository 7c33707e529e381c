using System.Text.Json.Serialization;

namespace Metering.Contracts.Sidecar;

/// <summary>Which tokens of a call are units of its feature.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CountedTokens>))]
public enum CountedTokens
{
    Total,
    Input,
    Output,
}
