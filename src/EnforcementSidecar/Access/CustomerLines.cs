using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Json;

namespace Metering.EnforcementSidecar.Access;

/// <summary>
/// Reads the lines of a snapshot that say what one customer may do, of which there are as many as customers, without making what would be
/// thrown away again. What it does not know it leaves to the serializer, so that nothing that a line says is ever passed over: a line as a
/// whole, and the terms of a feature, which are looked up by their text and only read when nobody had the same. For one thread.
/// </summary>
internal sealed class CustomerLines(SharedTerms shared)
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = SidecarJson.MaxDepth };
    private readonly GrantReader grants = new(shared);
    private readonly List<KeyDraft> keys = [];
    private readonly List<FeatureGrant> features = [];
    private CompactId? id;
    private string? subject;
    private CustomerStatus? status;

    /// <summary>False when the line says something else, or says it in a way that only the serializer understands.</summary>
    /// <param name="draft">Valid until the next line is read.</param>
    /// <exception cref="JsonException">The line is torn.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryRead(ReadOnlySpan<byte> line, out long version, out CustomerDraft draft)
    {
        version = 0;
        draft = default;
        (id, subject, status) = (null, null, null);
        keys.Clear();
        features.Clear();
        var reader = new Utf8JsonReader(line, Options);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject
            || !reader.Read() || !IsString(ref reader, "kind"u8, JsonTokenType.PropertyName)
            || !reader.Read() || !IsString(ref reader, "customer_changed"u8, JsonTokenType.String))
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isKnown = reader.ValueTextEquals("version"u8) ? reader.Read() && reader.TryGetInt64(out version)
                : reader.ValueTextEquals("customer"u8) && reader.Read() && TryReadCustomer(ref reader, line);
            if (!isKnown)
            {
                return false;
            }
        }

        // Anything behind the object is read here, and refused.
        if (reader.Read() || version == 0 || id is not { } known || subject is null || status is not { } standing)
        {
            return false;
        }

        draft = new CustomerDraft
        {
            Id = known, Subject = subject, Status = standing, Keys = CollectionsMarshal.AsSpan(keys), Features = CollectionsMarshal.AsSpan(features),
        };
        return true;
    }

    private static bool IsString(ref Utf8JsonReader reader, ReadOnlySpan<byte> text, JsonTokenType type) =>
        reader.TokenType == type && reader.ValueTextEquals(text);

    /// <summary>A text as it is in the line, without any escapes.</summary>
    private static bool IsPlain(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryReadCustomer(ref Utf8JsonReader reader, ReadOnlySpan<byte> line)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isKnown = reader.ValueTextEquals("customerId"u8) ? reader.Read() && TryReadId(ref reader)
                : reader.ValueTextEquals("key"u8) ? reader.Read() && reader.TokenType is JsonTokenType.String or JsonTokenType.Null
                : reader.ValueTextEquals("subject"u8) ? reader.Read() && TryReadSubject(ref reader)
                : reader.ValueTextEquals("status"u8) ? reader.Read() && TryReadStatus(ref reader)
                : reader.ValueTextEquals("credentialHashes"u8) ? reader.Read() && TryReadHashes(ref reader)
                : reader.ValueTextEquals("restrictedCredentials"u8) ? reader.Read() && TryReadRestricted(ref reader)
                : reader.ValueTextEquals("features"u8) && reader.Read() && TryReadFeatures(ref reader, line);
            if (!isKnown)
            {
                return false;
            }
        }

        return true;
    }

    private bool TryReadId(ref Utf8JsonReader reader)
    {
        id = IsPlain(ref reader) ? CompactId.Of(reader.ValueSpan) : null;
        return id is not null;
    }

    private bool TryReadSubject(ref Utf8JsonReader reader)
    {
        subject = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return subject is not null;
    }

    private bool TryReadStatus(ref Utf8JsonReader reader)
    {
        status = reader.TokenType != JsonTokenType.String ? null
            : reader.ValueTextEquals("Active"u8) ? CustomerStatus.Active
            : reader.ValueTextEquals("Suspended"u8) ? CustomerStatus.Suspended
            : reader.ValueTextEquals("Removed"u8) ? CustomerStatus.Removed
            : null;
        return status is not null;
    }

    private bool TryReadHashes(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        while (reader.Read() && IsPlain(ref reader))
        {
            if (CredentialHash.TryParse(reader.ValueSpan, out var hash))
            {
                keys.Add(new KeyDraft(hash, null));
            }
        }

        return reader.TokenType == JsonTokenType.EndArray;
    }

    private bool TryReadRestricted(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        // Most have none: what the serializer needs to read nothing is saved.
        var ahead = reader;
        if (ahead.Read() && ahead.TokenType == JsonTokenType.EndArray)
        {
            reader = ahead;
            return true;
        }

        foreach (var access in JsonSerializer.Deserialize(ref reader, SidecarJson.Default.ImmutableArrayCredentialAccess))
        {
            if (CredentialHash.TryParse(access.Hash, out var hash))
            {
                keys.Add(new KeyDraft(hash, new CredentialRestriction(access)));
            }
        }

        return true;
    }

    private bool TryReadFeatures(ref Utf8JsonReader reader, ReadOnlySpan<byte> line)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            if (!grants.TryRead(ref reader, line, out var grant))
            {
                return false;
            }

            features.Add(grant);
        }

        return reader.TokenType == JsonTokenType.EndArray;
    }
}
