using System.Globalization;

namespace Metering.Demo;

/// <summary>Where everything is, as <c>./metering demo</c> passes it in <c>METERING_DEMO_*</c>.</summary>
/// <param name="HostUrl">The API.</param>
/// <param name="SidecarUrl">Asked by nginx before a request passes, and by the upstream to settle what a request has cost.</param>
/// <param name="GatewayUrl">nginx: the only address that the demo's customers know.</param>
/// <param name="DataDirectory">Documents are saved below it.</param>
public sealed record DemoSettings(
    Uri HostUrl, Uri SidecarUrl, Uri GatewayUrl, int UpstreamPort, string? AdminKeyFile, string DataDirectory, bool Keep)
{
    public const string Prefix = "METERING_DEMO_";

    public static DemoSettings FromEnvironment(Func<string, string?> read)
    {
        string? Read(string name) => read(Prefix + name) is { Length: > 0 } value ? value : null;

        Uri Url(string name, string fallback) => Uri.TryCreate(Read(name) ?? fallback, UriKind.Absolute, out var url)
            ? url
            : throw new DemoException($"{Prefix}{name} is not an absolute URL.");

        return new DemoSettings(
            Url("HOST_URL", "http://127.0.0.1:8080"),
            Url("SIDECAR_URL", "http://127.0.0.1:8081"),
            Url("GATEWAY_URL", "http://127.0.0.1:8082"),
            int.TryParse(Read("UPSTREAM_PORT") ?? "8083", NumberStyles.None, CultureInfo.InvariantCulture, out var port)
                ? port
                : throw new DemoException($"{Prefix}UPSTREAM_PORT is not a port number."),
            Read("ADMIN_KEY_FILE"),
            Read("DATA") ?? ".metering/demo",
            Read("KEEP") is "1" or "true");
    }

    public string ReadAdminKey() => AdminKeyFile is { } file && File.Exists(file)
        ? File.ReadAllText(file).Trim()
        : throw new DemoException($"{Prefix}ADMIN_KEY_FILE does not name a file that holds the admin API key.");
}
