using System.Text.Json.Serialization;
using Metering.Platform.Http;

namespace Metering.Invoicing.Credits;

/// <summary>What a grant of prepaid credit pays of a line, before the line's tax.</summary>
/// <param name="Description">The name of the grant, as the document shows it.</param>
/// <param name="GrantId">26-character id; additive to OpenMeter.</param>
public sealed record CreditAllocation(
    [property: JsonConverter(typeof(NumericConverter))] decimal Amount, string Description, string GrantId);
