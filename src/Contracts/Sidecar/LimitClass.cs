using System.Text.Json.Serialization;

namespace Metering.Contracts.Sidecar;

/// <summary>What happens at a limit.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LimitClass>))]
public enum LimitClass
{
    /// <summary>Units are escrowed before they are spent; never exceeded.</summary>
    Hard,

    /// <summary>Never denies; passing the limit is announced in a header and billed as overage.</summary>
    Soft,
}
