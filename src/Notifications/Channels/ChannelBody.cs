using System.Collections.Immutable;
using System.Net;
using System.Text.RegularExpressions;
using Metering.Notifications.Delivering;
using Metering.Notifications.Secrets;
using Metering.Platform.Problems;
using Metering.Subscriptions.Wire;

namespace Metering.Notifications.Channels;

/// <summary>What creates or replaces a channel.</summary>
/// <param name="SigningSecret">When absent, made at creation and kept at replacement.</param>
internal sealed partial record ChannelBody(
    string Type,
    string Name,
    string Url,
    bool Disabled = false,
    ImmutableSortedDictionary<string, string>? CustomHeaders = null,
    string? SigningSecret = null,
    ImmutableSortedDictionary<string, string>? Metadata = null)
{
    public const string Webhook = "WEBHOOK";
    private const int MaxUrlLength = 2_048;
    private const int MaxHeaders = 20;
    private const int MaxHeaderNameLength = 128;
    private const int MaxHeaderValueLength = 1_024;

    /// <summary>What the delivery itself says, or what would change how the request is read.</summary>
    private static readonly ImmutableHashSet<string> Reserved = ImmutableHashSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "upgrade", "expect", "te", "trailer",
        "keep-alive", "proxy-authorization", "proxy-connection", "webhook-id", "webhook-timestamp", "webhook-signature", "user-agent");

    public FieldErrors Check(bool allowPrivate)
    {
        var errors = new FieldErrors();
        errors.AddIf(Type != Webhook, "/type", "unknown_value", $"A channel is a {Webhook}.");
        Texts.Name(Name, "/name", errors);
        CheckUrl(allowPrivate, errors);
        errors.AddIf(
            SigningSecret is not null && !Secrets.SigningSecret.IsValid(SigningSecret), "/signingSecret", "invalid_secret",
            "A signing secret is 24 to 64 random bytes as base 64, with or without whsec_ before them.");
        CheckHeaders(errors);
        Subscriptions.Wire.Metadata.Check(Metadata, "/metadata", errors);
        return errors;
    }

    private void CheckUrl(bool allowPrivate, FieldErrors errors)
    {
        if (Url.Length > MaxUrlLength || !Uri.TryCreate(Url, UriKind.Absolute, out var url)
            || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
        {
            errors.Add("/url", "invalid_url", $"A URL begins with http:// or https:// and has at most {MaxUrlLength} characters.");
            return;
        }

        errors.AddIf(url.UserInfo.Length > 0, "/url", "invalid_url", "Put credentials into a custom header, not into the URL.");
        errors.AddIf(
            !allowPrivate && IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && !PublicAddress.IsPublic(address), "/url",
            "private_address", "Webhooks do not go to private, loopback or reserved addresses.");
    }

    private void CheckHeaders(FieldErrors errors)
    {
        var headers = CustomHeaders ?? ImmutableSortedDictionary<string, string>.Empty;
        errors.AddIf(headers.Count > MaxHeaders, "/customHeaders", "too_many", $"At most {MaxHeaders} headers.");
        foreach (var (name, value) in headers.Take(MaxHeaders))
        {
            var pointer = $"/customHeaders/{JsonPointer.Escape(name)}";
            errors.AddIf(
                name.Length > MaxHeaderNameLength || !HeaderName().IsMatch(name), pointer, "invalid_header", "This is not the name of a header.");
            errors.AddIf(Reserved.Contains(name), pointer, "reserved", "The delivery says this header itself.");
            errors.AddIf(
                value is null || value.Length > MaxHeaderValueLength || !HeaderValue().IsMatch(value), pointer, "invalid_header",
                $"A header's value is printable ASCII of at most {MaxHeaderValueLength} characters.");
        }
    }

    [GeneratedRegex(@"\A[!#$%&'*+\-.^_`|~0-9A-Za-z]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex HeaderName();

    [GeneratedRegex(@"\A[\x20-\x7E]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex HeaderValue();
}
