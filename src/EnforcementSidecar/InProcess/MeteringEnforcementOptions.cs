namespace Metering.EnforcementSidecar.InProcess;

/// <summary>What an application says that decides in its own process instead of asking a sidecar.</summary>
public sealed class MeteringEnforcementOptions
{
    /// <summary>Where the server is.</summary>
    public Uri HostUrl { get; set; } = new("http://127.0.0.1:8080");

    /// <summary>API key for it with the role <c>sidecar</c>. Never logged.</summary>
    public string Key { get; set; } = "";

    /// <summary>Holds what must outlive the process; one process at a time.</summary>
    public string DataDirectory { get; set; } = ".metering/enforcement";

    /// <summary>Names the feature of a request whose endpoint names none, such as a route of a proxy; null leaves the request alone.</summary>
    public Func<HttpContext, string?> FeatureOf { get; set; } = static _ => null;

    /// <summary>How many units a request takes, from 1; null: what its endpoint says, or one.</summary>
    public Func<HttpContext, long?> UnitsOf { get; set; } = static _ => null;

    /// <summary>How many tokens its prompt has; null when nobody counted.</summary>
    public Func<HttpContext, long?> PromptTokensOf { get; set; } = static _ => null;

    /// <exception cref="InvalidOptionException">An option is missing or malformed; the message names it.</exception>
    internal SidecarOptions ToSidecar()
    {
        if (Key.Length == 0)
        {
            throw new InvalidOptionException(nameof(Key), "is not set; give an API key with the role sidecar");
        }

        if (!HostUrl.IsAbsoluteUri || HostUrl.Scheme is not ("http" or "https"))
        {
            throw new InvalidOptionException(nameof(HostUrl), "is not an http or https URL such as http://127.0.0.1:8080");
        }

        // The relative routes have to resolve below it. Nobody listens in this process but the application itself.
        var host = new Uri(HostUrl.ToString().TrimEnd('/') + "/");
        return new SidecarOptions(host, Key, Path.GetFullPath(DataDirectory), "127.0.0.1", 0);
    }
}
