using System.Text.Json;
using Metering.EnforcementSidecar.Deciding;

namespace Metering.EnforcementSidecar.Http;

/// <summary>What <c>POST /v1/checks</c> is asked.</summary>
/// <param name="Together">All or none.</param>
internal sealed record ChecksBody(bool Together, IReadOnlyList<ChecksBody.Asked> Checks)
{
    public const int MaxChecks = 100;

    /// <returns>Null with what is wrong and where.</returns>
    public static ChecksBody? Parse(JsonElement body, out string pointer, out string detail)
    {
        (pointer, detail) = ("/checks", $"A list of 1 to {MaxChecks} checks is required.");
        if (body.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        foreach (var field in body.EnumerateObject())
        {
            if (field.Name is not ("mode" or "checks"))
            {
                (pointer, detail) = ("/" + field.Name, "The field is not known here.");
                return null;
            }
        }

        var mode = !body.TryGetProperty("mode", out var given) ? "each" : given.ValueKind == JsonValueKind.String ? given.GetString() : null;
        if (mode is not ("each" or "all"))
        {
            (pointer, detail) = ("/mode", "The mode is each or all.");
            return null;
        }

        if (!body.TryGetProperty("checks", out var checks) || checks.ValueKind != JsonValueKind.Array || checks.GetArrayLength() is 0 or > MaxChecks)
        {
            return null;
        }

        var asked = new List<Asked>(checks.GetArrayLength());
        foreach (var (i, check) in checks.EnumerateArray().Index())
        {
            if (Asked.Parse(check, $"/checks/{i}", out pointer, out detail) is not { } one)
            {
                return null;
            }

            asked.Add(one);
        }

        return new ChecksBody(mode == "all", asked);
    }

    internal sealed record Asked(string Feature, long Units, RequestSize Size)
    {
        public static Asked? Parse(JsonElement check, string at, out string pointer, out string detail)
        {
            (pointer, detail) = (at, "A check is an object.");
            if (check.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            string? feature = null;
            long units = 1;
            long? bytes = null;
            long? tokens = null;
            foreach (var field in check.EnumerateObject())
            {
                pointer = $"{at}/{field.Name}";
                var isRead = field.Name switch
                {
                    "feature" => field.Value.ValueKind == JsonValueKind.String && CheckEndpoint.IsFeatureKey(feature = field.Value.GetString()!),
                    "units" => TryRead(field.Value, 1, out units),
                    "bodyBytes" => TryRead(field.Value, 0, out var value) && (bytes = value) is not null,
                    "promptTokens" => TryRead(field.Value, 0, out var value) && (tokens = value) is not null,
                    _ => false,
                };
                if (!isRead)
                {
                    detail = field.Name switch
                    {
                        "feature" => "A feature is named by its key.",
                        "units" => "Units are a whole number from 1 to 1,000,000,000,000.",
                        "bodyBytes" or "promptTokens" => "A size is a whole number.",
                        _ => "The field is not known here.",
                    };
                    return null;
                }
            }

            (pointer, detail) = ($"{at}/feature", "The feature is required.");
            return feature is null ? null : new Asked(feature, units, new RequestSize(bytes, tokens));
        }

        private static bool TryRead(JsonElement value, long least, out long number)
        {
            number = 0;
            return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out number) && number >= least && number <= CheckEndpoint.MaxUnits;
        }
    }
}
