using System.Globalization;
using Metering.EnforcementSidecar.Deciding;

namespace Metering.EnforcementSidecar.Http;

/// <summary>
/// How large the gateway's request is, from headers alone. <c>X-Original-Content-Length</c> is the client's own; without it
/// <c>Content-Length</c> is, unless it is 0: gateways that do not forward the body say 0 of the check whatever the client sent.
/// </summary>
internal static class SizeHeaders
{
    /// <param name="wrong">The header that is no number; null when all is well.</param>
    public static bool TryRead(IHeaderDictionary headers, out RequestSize size, out string? wrong)
    {
        long? body = headers.ContentLength is > 0 and var length ? length : null;
        long? tokens = null;
        wrong = !TryReadCount(headers, HeaderNames.OriginalContentLength, ref body) ? HeaderNames.OriginalContentLength
            : !TryReadCount(headers, HeaderNames.PromptTokens, ref tokens) ? HeaderNames.PromptTokens
            : null;
        size = new RequestSize(body, tokens);
        return wrong is null;
    }

    /// <summary>An empty header says as little as none: gateways write one for what they do not know.</summary>
    private static bool TryReadCount(IHeaderDictionary headers, string name, ref long? count)
    {
        var text = headers[name].ToString();
        if (text.Length == 0)
        {
            return true;
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        count = value;
        return true;
    }
}
