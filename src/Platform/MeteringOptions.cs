using Npgsql;
using NodaTime;
using NodaTime.Text;

namespace Metering.Platform;

/// <summary>What the operator chose, read once at start from <c>METERING_*</c> environment variables.</summary>
/// <param name="Postgres">Npgsql keywords or a <c>postgres://</c> URL.</param>
/// <param name="RabbitMq">An <c>amqp://</c> URL, or null for the embedded default without a broker.</param>
/// <param name="DataDirectory">Where first-start keys are left (mode 0600).</param>
/// <param name="TestClock">Turns the sandbox on: time stands at this instant until advanced.</param>
/// <param name="AdminKey">Presets the admin API key; otherwise one is made on the first start.</param>
public sealed record MeteringOptions(
    string Postgres,
    Uri? RabbitMq,
    string DataDirectory,
    Instant? TestClock,
    string? AdminKey,
    string BindAddress,
    int Port,
    Uri PublicUrl)
{
    public const int DefaultPort = 8080;
    public const int DefaultLeaseSeconds = 30;
    private const int MinLeaseSeconds = 2;
    private const int MaxLeaseSeconds = 600;

    /// <summary>Presets the sidecars' API key, for deployments where they can not read the file that holds it otherwise.</summary>
    public string? SidecarKey { get; init; }

    /// <summary>Seals what is stored and has to be read again: 32 bytes as base 64. Otherwise a key is made on the first start.</summary>
    public string? SecretKey { get; init; }

    /// <summary>Lets webhooks go to private and loopback addresses. Only for a machine on which nothing listens that must not be reached.</summary>
    public bool AllowPrivateWebhooks { get; init; }

    /// <summary>Refuses events that no meter counts or a meter can not read, instead of storing and marking them.</summary>
    public bool StrictValidation { get; init; }

    /// <summary>How long a sidecar may spend what it has leased without hearing from Host.</summary>
    public int LeaseSeconds { get; init; } = DefaultLeaseSeconds;

    /// <summary>Ends the name of every exchange and queue, so that the hosts of several tests can share one broker.</summary>
    public string BrokerSuffix { get; init; } = "";

    /// <exception cref="InvalidOptionException">An option is missing or malformed; the message names it.</exception>
    public static MeteringOptions FromEnvironment(Func<string, string?> read)
    {
        string? Read(string name) => read(name) is { Length: > 0 } value ? value : null;

        var postgres = Read("METERING_POSTGRES")
            ?? throw new InvalidOptionException("METERING_POSTGRES", "is not set; name a PostgreSQL 15 or newer, or use ./metering up");
        var port = Read("METERING_PORT") is not { } portText ? DefaultPort
            : int.TryParse(portText, out var parsed) && parsed is >= 0 and <= 65535 ? parsed
            : throw new InvalidOptionException("METERING_PORT", "is not a port number");
        var bind = Read("METERING_BIND") ?? "127.0.0.1";

        return new MeteringOptions(
            ToNpgsql(postgres),
            Read("METERING_RABBITMQ") is { } broker ? AbsoluteUri("METERING_RABBITMQ", broker) : null,
            Read("METERING_DATA") ?? ".metering",
            Read("METERING_TEST_CLOCK") is { } clock ? ParseInstant("METERING_TEST_CLOCK", clock) : null,
            Read("METERING_ADMIN_KEY"),
            bind,
            port,
            AbsoluteUri("METERING_PUBLIC_URL", Read("METERING_PUBLIC_URL") ?? $"http://127.0.0.1:{port}"))
        {
            SidecarKey = Read("METERING_SIDECAR_KEY"),
            SecretKey = Read("METERING_SECRET_KEY"),
            AllowPrivateWebhooks = Read("METERING_WEBHOOK_ALLOW_PRIVATE") switch
            {
                null or "false" => false,
                "true" => true,
                _ => throw new InvalidOptionException("METERING_WEBHOOK_ALLOW_PRIVATE", "is true or false"),
            },
            StrictValidation = Read("METERING_VALIDATION") switch
            {
                null or "lenient" => false,
                "strict" => true,
                _ => throw new InvalidOptionException("METERING_VALIDATION", "is lenient or strict"),
            },
            LeaseSeconds = Read("METERING_LEASE_SECONDS") is not { } lease ? DefaultLeaseSeconds
                : int.TryParse(lease, out var seconds) && seconds is >= MinLeaseSeconds and <= MaxLeaseSeconds ? seconds
                : throw new InvalidOptionException("METERING_LEASE_SECONDS", $"is a number from {MinLeaseSeconds} to {MaxLeaseSeconds}"),
        };
    }

    /// <summary>The record's own text would print passwords and the admin key.</summary>
    public override string ToString() => $"{BindAddress}:{Port} {PublicUrl} {DataDirectory}";

    private static Uri AbsoluteUri(string name, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri : throw new InvalidOptionException(name, "is not an absolute URL");

    private static Instant ParseInstant(string name, string text) =>
        OffsetDateTimePattern.Rfc3339.Parse(text) is { Success: true } parsed
            ? parsed.Value.ToInstant()
            : throw new InvalidOptionException(name, "is not an RFC 3339 time such as 2026-01-15T09:00:00Z");

    private static string ToNpgsql(string text)
    {
        if (!text.StartsWith("postgres://", StringComparison.Ordinal) && !text.StartsWith("postgresql://", StringComparison.Ordinal))
        {
            return text;
        }

        var url = AbsoluteUri("METERING_POSTGRES", text);
        var user = url.UserInfo.Split(':', 2);
        return new NpgsqlConnectionStringBuilder
        {
            Host = url.Host,
            Port = url.Port > 0 ? url.Port : 5432,
            Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')),
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
        }.ConnectionString;
    }
}
