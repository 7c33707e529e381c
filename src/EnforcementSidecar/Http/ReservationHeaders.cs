using System.Globalization;
using Metering.EnforcementSidecar.Reservations;

namespace Metering.EnforcementSidecar.Http;

/// <summary>What the headers of a check say about a call of a model.</summary>
internal static class ReservationHeaders
{
    public const int MaxModelLength = 128;
    public const int MaxChoices = 128;
    public const long MaxCount = 1_000_000_000;

    /// <returns>Which header is wrong, and why; null when none is.</returns>
    public static (string Header, string Detail)? Read(IHeaderDictionary headers, out ModelCall call)
    {
        call = default;
        var model = headers[HeaderNames.Model].ToString();
        if (model.Length > MaxModelLength || model.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return (HeaderNames.Model, "X-Meter-Model has at most 128 printable characters.");
        }

        long? bytes = null, prompt = null, output = null, choices = null;
        if (!TryCount(headers, HeaderNames.InputBytes, 0, MaxCount, ref bytes))
        {
            return Wrong(HeaderNames.InputBytes, 0, MaxCount);
        }

        if (!TryCount(headers, HeaderNames.PromptTokens, 0, MaxCount, ref prompt))
        {
            return Wrong(HeaderNames.PromptTokens, 0, MaxCount);
        }

        if (!TryCount(headers, HeaderNames.MaxOutputTokens, 1, MaxCount, ref output))
        {
            return Wrong(HeaderNames.MaxOutputTokens, 1, MaxCount);
        }

        if (!TryCount(headers, HeaderNames.Choices, 1, MaxChoices, ref choices))
        {
            return Wrong(HeaderNames.Choices, 1, MaxChoices);
        }

        // A gateway's own check has no body: a length of nothing is not the client's.
        if (bytes is null && (!TryCount(headers, HeaderNames.OriginalContentLength, 0, MaxCount, ref bytes) || bytes is null)
            && headers.ContentLength is > 0 and <= MaxCount and var length)
        {
            bytes = length;
        }

        var encoding = headers[HeaderNames.InputEncoding].ToString() is { Length: > 0 } told ? told : headers.ContentEncoding.ToString();
        call = new ModelCall(
            model.Length == 0 ? null : model, bytes, prompt, output, (int)(choices ?? 1),
            encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase),
            headers[HeaderNames.ServerContext].ToString().Equals("true", StringComparison.OrdinalIgnoreCase));
        return null;
    }

    private static bool TryCount(IHeaderDictionary headers, string name, long least, long most, ref long? count)
    {
        var text = headers[name].ToString();
        if (text.Length == 0)
        {
            return true;
        }

        var parsed = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most;
        count = parsed ? value : null;
        return parsed;
    }

    private static (string Header, string Detail) Wrong(string header, long least, long most) =>
        (header, string.Create(CultureInfo.InvariantCulture, $"{header} has to be a whole number from {least} to {most}."));
}
