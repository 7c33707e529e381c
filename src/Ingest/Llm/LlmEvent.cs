using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Metering.Ingest.Events;

namespace Metering.Ingest.Llm;

/// <summary>
/// Events of the type <c>llm.usage</c> carry what a provider reported, as it came, and are stored so. Where meters read them they also have
/// <c>$.llm</c>: the same in disjoint classes of tokens. Nothing of it is stored, because it is a function of what is.
/// </summary>
internal static class LlmEvent
{
    public const string Type = "llm.usage";
    public const string Path = "$.llm";

    /// <param name="data">The event's data; undefined when it has none.</param>
    /// <param name="problem">Why the usage can not be read, as what the event does.</param>
    /// <returns>The data with the member; to be disposed. Null when the usage can not be read.</returns>
    public static JsonDocument? TryView(JsonElement data, out string? problem)
    {
        problem = LlmUsageReader.TryRead(data, out var usage);
        if (usage is null || problem is not null)
        {
            return null;
        }

        var sent = JsonMarshal.GetRawUtf8Value(data);
        var view = new ArrayBufferWriter<byte>(sent.Length + 512);
        view.Write(sent[..sent.LastIndexOf((byte)'}')]);

        // Behind whatever was sent under this name: of members of one name the last counts. There is a usage, so there is a member before it.
        view.Write(",\"llm\":"u8);
        using (var writer = new Utf8JsonWriter(view))
        {
            usage.Write(writer);
        }

        view.Write("}"u8);
        return JsonDocument.Parse(view.WrittenMemory, EventJson.DataOptions);
    }
}
