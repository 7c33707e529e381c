using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Metering.Platform.Identifiers;

namespace Metering.Platform.Http;

/// <summary>
/// The place behind one row of a list that is sorted by a key and, where keys are equal, by id. It stays the same place whatever is
/// inserted or deleted around it. Opaque to clients: base64url of both.
/// </summary>
public readonly record struct Cursor<TKey>(TKey Key, Guid Id)
{
    private const int MaxLength = 1_024;

    public override string ToString() =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new Place(Key, PublicId.Format(Id)), MeteringJson.Options));

    /// <returns>False when the text is no cursor of such a list.</returns>
    [SuppressMessage("Design", "CA1000", Justification = "The key's type is what the text is read as.")]
    public static bool TryParse(string text, out Cursor<TKey> cursor)
    {
        cursor = default;
        if (text.Length > MaxLength || !Base64Url.IsValid(text))
        {
            return false;
        }

        try
        {
            var place = JsonSerializer.Deserialize<Place>(Base64Url.DecodeFromChars(text), MeteringJson.Options);
            var known = PublicId.TryParse(place?.Id, out var id);
            cursor = known ? new Cursor<TKey>(place!.Key, id) : default;
            return known;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private sealed record Place(TKey Key, string Id);
}
