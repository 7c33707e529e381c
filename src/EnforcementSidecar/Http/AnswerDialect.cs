namespace Metering.EnforcementSidecar.Http;

/// <summary>How the operator wants answers to be worded; it changes what is said, never what is decided.</summary>
internal sealed record AnswerDialect(HeaderMode Headers, StatusOverrides Statuses)
{
    public static readonly AnswerDialect Default = new(HeaderMode.Ietf, StatusOverrides.None);

    public bool SpeaksIetf => Headers is HeaderMode.Ietf or HeaderMode.Both;

    public bool SpeaksKong => Headers is HeaderMode.Kong or HeaderMode.Both;

    /// <param name="headers">Of <c>METERING_SIDECAR_HEADERS</c>; null when it is not set.</param>
    /// <param name="overrides">Of <c>METERING_SIDECAR_STATUS_OVERRIDES</c>; null when it is not set.</param>
    /// <exception cref="InvalidOptionException">One of them is malformed; the message names it.</exception>
    public static AnswerDialect Parse(string? headers, string? overrides) => new(
        headers switch
        {
            null or "ietf" => HeaderMode.Ietf,
            "kong" => HeaderMode.Kong,
            "both" => HeaderMode.Both,
            "none" => HeaderMode.None,
            _ => throw new InvalidOptionException("METERING_SIDECAR_HEADERS", "is none of ietf, kong, both and none"),
        },
        overrides is null ? StatusOverrides.None : StatusOverrides.Parse(overrides));
}
