using System.Text;
using Metering.EnforcementSidecar.Http;

namespace Metering.EnforcementSidecar;

/// <summary>What the operator chose, read once at start from <c>METERING_*</c> environment variables.</summary>
/// <param name="HostUrl">Ends with a slash, so that relative routes resolve below it.</param>
/// <param name="Key">API key for Host with the role <c>sidecar</c>. Never logged.</param>
/// <param name="DataDirectory">Holds what must outlive the process; one sidecar at a time.</param>
/// <param name="Port">0 takes a free one.</param>
internal sealed record SidecarOptions(Uri HostUrl, string Key, string DataDirectory, string BindAddress, int Port)
{
    public const int DefaultPort = 8081;
    private const int MaxKeyLength = 512;

    /// <summary>How the check words its answers.</summary>
    public AnswerDialect Dialect { get; init; } = AnswerDialect.Default;

    /// <summary>The kernel allows 107 bytes for the path of a Unix socket.</summary>
    private const int MaxSocketPathLength = 107;

    /// <summary>Where a gateway on the same machine connects without a port; null when there is no such socket.</summary>
    public string? SocketPath { get; init; }

    /// <exception cref="InvalidOptionException">An option is missing or malformed; the message names it.</exception>
    public static SidecarOptions FromEnvironment(Func<string, string?> read)
    {
        string? Read(string name) => read(name) is { Length: > 0 } value ? value : null;

        var hostText = Read("METERING_HOST_URL") ?? "http://127.0.0.1:8080";
        var host = Uri.TryCreate(hostText.TrimEnd('/') + "/", UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new InvalidOptionException("METERING_HOST_URL", "is not an http or https URL such as http://127.0.0.1:8080");
        var port = Read("METERING_SIDECAR_PORT") is not { } portText ? DefaultPort
            : int.TryParse(portText, out var parsed) && parsed is >= 0 and <= 65535 ? parsed
            : throw new InvalidOptionException("METERING_SIDECAR_PORT", "is not a port number");
        var data = Read("METERING_SIDECAR_DATA") ?? ".metering/sidecar";
        var bind = Read("METERING_SIDECAR_BIND") ?? "127.0.0.1";
        if (!System.Net.IPAddress.TryParse(bind, out _) && bind is not "localhost")
        {
            throw new InvalidOptionException("METERING_SIDECAR_BIND", "is not an IP address to listen on");
        }

        var dialect = AnswerDialect.Parse(Read("METERING_SIDECAR_HEADERS"), Read("METERING_SIDECAR_STATUS_OVERRIDES"));
        return new SidecarOptions(host!, ReadKey(Read), Path.GetFullPath(data), bind, port) { Dialect = dialect, SocketPath = ReadSocketPath(Read) };
    }

    /// <summary>The record's own text would print the key.</summary>
    public override string ToString() => $"{HostUrl} {DataDirectory} {BindAddress}:{Port}";

    private static string? ReadSocketPath(Func<string, string?> read)
    {
        if (read("METERING_SIDECAR_SOCKET") is not { } path)
        {
            return null;
        }

        var full = Path.GetFullPath(path);
        if (new FileInfo(full) is { Exists: true, Length: > 0 })
        {
            throw new InvalidOptionException("METERING_SIDECAR_SOCKET", "names a file that is no socket");
        }

        return Encoding.UTF8.GetByteCount(full) > MaxSocketPathLength
            ? throw new InvalidOptionException("METERING_SIDECAR_SOCKET", $"is longer than {MaxSocketPathLength} bytes")
            : Directory.Exists(Path.GetDirectoryName(full)) ? full
            : throw new InvalidOptionException("METERING_SIDECAR_SOCKET", "is in a folder that does not exist");
    }

    private static string ReadKey(Func<string, string?> read)
    {
        if (read("METERING_SIDECAR_KEY") is { } key)
        {
            return Checked(key, "METERING_SIDECAR_KEY");
        }

        var file = read("METERING_SIDECAR_KEY_FILE")
            ?? throw new InvalidOptionException(
                "METERING_SIDECAR_KEY", "is not set, nor is METERING_SIDECAR_KEY_FILE; give an API key with the role sidecar");
        try
        {
            return Checked(File.ReadAllText(file), "METERING_SIDECAR_KEY_FILE");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOptionException("METERING_SIDECAR_KEY_FILE", $"names {file}, which can not be read");
        }
    }

    private static string Checked(string text, string option)
    {
        var key = text.Trim();
        return key.Length is > 0 and <= MaxKeyLength && key.All(c => c is > ' ' and < (char)127)
            ? key
            : throw new InvalidOptionException(option, "does not hold an API key");
    }
}
