using System.Text.Json;

namespace Metering.Ingest.Events;

/// <summary>The text of a JSON string or property name as bytes: those of the document itself where nothing is escaped.</summary>
internal static class Utf8Text
{
    /// <returns>False for an escaped half of a surrogate pair.</returns>
    public static bool TryRead(scoped ref Utf8JsonReader reader, out ReadOnlySpan<byte> text)
    {
        text = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            return true;
        }

        try
        {
            // Unescaped text is never longer.
            var unescaped = new byte[text.Length];
            text = unescaped.AsSpan(0, reader.CopyString(unescaped));
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
