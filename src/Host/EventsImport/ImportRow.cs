using System.Text.Json.Nodes;

namespace Metering.Host.EventsImport;

/// <summary>One row: an event, or why it can not be one. Neither: it is nobody's usage.</summary>
/// <param name="Place">Where it stands, for a person: <c>Line 12</c>.</param>
internal sealed record ImportRow(string Place, JsonObject? Event, string? Problem);
