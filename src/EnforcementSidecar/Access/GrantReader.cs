using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Metering.EnforcementSidecar.Json;

namespace Metering.EnforcementSidecar.Access;

/// <summary>
/// Reads one feature of a customer: cuts out what is the customer's own, and looks the rest up by its text. Whatever else is said about a
/// feature belongs to the text and so to its terms. For one thread.
/// </summary>
internal sealed class GrantReader(SharedTerms shared)
{
    /// <summary>Longer terms are read every time.</summary>
    private const int MaxTermsLength = 4_096;

    /// <summary>From, to, and the entitlement.</summary>
    private const int MaxCuts = 3;

    private readonly char[] text = new char[MaxTermsLength];
    private readonly (int From, int To)[] cuts = new (int, int)[MaxCuts];
    private int cutCount;
    private CompactId entitlement;

    /// <param name="reader">At the start of the object, and left at its end.</param>
    /// <param name="line">What it reads.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryRead(ref Utf8JsonReader reader, ReadOnlySpan<byte> line, out FeatureGrant grant)
    {
        (grant, entitlement, cutCount) = (default, default, 0);
        var start = (int)reader.TokenStartIndex;
        long? from = null;
        var to = FeatureGrant.Open;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isKnown = reader.ValueTextEquals("activeFrom"u8) ? reader.Read() && TryCutInstant(ref reader, out from)
                : reader.ValueTextEquals("activeTo"u8) ? reader.Read() && TryCutEnd(ref reader, ref to)
                : reader.ValueTextEquals("quota"u8) ? reader.Read() && TryCutEntitlement(ref reader)
                : reader.TrySkip();
            if (!isKnown)
            {
                return false;
            }
        }

        if (from is not { } begins || TermsOf(line[start..(int)reader.BytesConsumed], start) is not { } terms)
        {
            return false;
        }

        grant = new FeatureGrant(terms, begins, to, entitlement);
        return true;
    }

    private FeatureTerms? TermsOf(ReadOnlySpan<byte> feature, int start)
    {
        if (feature.Length > MaxTermsLength)
        {
            return Read(feature);
        }

        var (length, at) = (0, 0);
        foreach (var (from, to) in cuts.AsSpan(0, cutCount))
        {
            length += Encoding.Latin1.GetChars(feature[at..(from - start)], text.AsSpan(length));
            at = to - start;
        }

        length += Encoding.Latin1.GetChars(feature[at..], text.AsSpan(length));
        if (shared.TryFind(text.AsSpan(0, length), out var known))
        {
            return known;
        }

        if (Read(feature) is not { } terms)
        {
            return null;
        }

        shared.Keep(text.AsSpan(0, length), terms);
        return terms;
    }

    private FeatureTerms? Read(ReadOnlySpan<byte> feature) =>
        JsonSerializer.Deserialize(feature, SidecarJson.Default.FeatureAccess) is { FeatureKey: not null } access ? shared.Of(access) : null;

    private bool TryCutEntitlement(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return reader.TokenType == JsonTokenType.Null;
        }

        var isNamed = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!reader.ValueTextEquals("entitlementId"u8))
            {
                reader.Skip();
            }
            else if (reader.Read() && reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped && TryCut(ref reader))
            {
                entitlement = CompactId.Of(reader.ValueSpan);
                isNamed = true;
            }
            else
            {
                return false;
            }
        }

        return isNamed;
    }

    private bool TryCutEnd(ref Utf8JsonReader reader, ref long to)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return true;
        }

        var isCut = TryCutInstant(ref reader, out var ticks);
        to = ticks ?? to;
        return isCut;
    }

    /// <summary>In any other form it is for the serializer to judge.</summary>
    private bool TryCutInstant(ref Utf8JsonReader reader, out long? ticks)
    {
        ticks = InstantConverter.TryReadUtc(ref reader, out var instant) && TryCut(ref reader) ? instant.ToUnixTimeTicks() : null;
        return ticks is not null;
    }

    private bool TryCut(ref Utf8JsonReader reader)
    {
        if (cutCount == MaxCuts)
        {
            return false;
        }

        cuts[cutCount++] = ((int)reader.TokenStartIndex, (int)reader.BytesConsumed);
        return true;
    }
}
