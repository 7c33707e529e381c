using System.Collections.Immutable;

namespace Metering.Conformance;

/// <summary>What the script of an area found.</summary>
/// <param name="Validated">Whether responses were held against OpenMeter's document, which may be absent.</param>
public sealed record ScriptReport(bool Validated, ImmutableArray<ScriptStep> Steps);
