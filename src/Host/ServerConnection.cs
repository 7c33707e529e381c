using System.CommandLine;
using System.Net.Http.Headers;
using Metering.Host.EventsImport;
using Metering.Platform;
using Metering.Platform.Security;

namespace Metering.Host;

/// <summary>The running server that a command of <c>events</c> talks to.</summary>
internal static class ServerConnection
{
    public static readonly Option<string?> Url = new("--url")
    {
        Description = $"The server. Default: METERING_HOST_URL, METERING_PUBLIC_URL, or http://127.0.0.1:{MeteringOptions.DefaultPort}.",
    };

    public static readonly Option<FileInfo?> KeyFile =
        new("--key-file") { Description = "A file with the API key. Default: METERING_ADMIN_KEY, or the admin key in METERING_DATA." };

    /// <exception cref="ImportException">The URL is none, or there is no key.</exception>
    public static async Task<HttpClient> OpenAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var key = await KeyAsync(arguments, cancellationToken);
        var client = new HttpClient { BaseAddress = ServerOf(arguments) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    private static Uri ServerOf(ParseResult arguments)
    {
        var port = Named("METERING_PORT") ?? $"{MeteringOptions.DefaultPort}";
        var text = arguments.GetValue(Url) ?? Named("METERING_HOST_URL") ?? Named("METERING_PUBLIC_URL") ?? $"http://127.0.0.1:{port}";
        return Uri.TryCreate(text, UriKind.Absolute, out var url) ? url : throw new ImportException($"'{text}' is not an absolute URL.");
    }

    private static async Task<string> KeyAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        if (arguments.GetValue(KeyFile) is null && Named("METERING_ADMIN_KEY") is { } key)
        {
            return key;
        }

        var path = arguments.GetValue(KeyFile)?.FullName ?? Path.Combine(Named("METERING_DATA") ?? ".metering", FirstKeys.AdminFile);
        return File.Exists(path)
            ? (await File.ReadAllTextAsync(path, cancellationToken)).Trim()
            : throw new ImportException($"There is no API key in {path}; name one with --key-file or METERING_ADMIN_KEY.");
    }

    private static string? Named(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
}
