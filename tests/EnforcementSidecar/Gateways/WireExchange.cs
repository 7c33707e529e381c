using System.Globalization;
using Metering.Testing;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>
/// One question as a gateway puts it on the wire, and what it needs to hear: a part of <c>samples/gateways/GATEWAY/contract.http</c>.
/// An expected header has a value, <c>*</c> when any will do, or <c>-</c> when it must be absent.
/// </summary>
internal sealed record WireExchange(string Name, string Request, int Status, IReadOnlyList<(string Name, string Value)> Expected)
{
    private const string Begin = "### ";
    private const string Answer = "=> ";

    public static string Folder { get; } = Path.Combine(Repository.Root, "samples", "gateways");

    public static IReadOnlyList<WireExchange> Read(string gateway) =>
    [
        .. File.ReadAllText(Path.Combine(Folder, gateway, "contract.http"))
            .Split('\n' + Begin, StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(Parse),
    ];

    private static WireExchange Parse(string text)
    {
        var lines = text.TrimEnd().Split('\n');
        var answer = Array.FindIndex(lines, line => line.StartsWith(Answer, StringComparison.Ordinal));
        var request = string.Join("\r\n", lines[1..answer]).TrimEnd();
        var status = int.Parse(lines[answer][Answer.Length..], CultureInfo.InvariantCulture);
        return new WireExchange(lines[0], request + "\r\n\r\n", status, [.. lines[(answer + 1)..].Select(Header)]);
    }

    private static (string Name, string Value) Header(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return (line[..colon], line[(colon + 1)..].Trim());
    }
}
