using System.Text.Json.Serialization;
using Metering.Platform.Http;

namespace Metering.Subscriptions.Features;

/// <summary>What one unit costs the seller: an amount that somebody wrote down.</summary>
/// <param name="Type">manual.</param>
internal sealed record UnitCost(string Type, [property: JsonConverter(typeof(NumericConverter))] decimal? Amount = null)
{
    public const string Manual = "manual";
}
