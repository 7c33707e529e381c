using Metering.Testing;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>Where one gateway runs, and between whom.</summary>
/// <param name="Directory">Its own, writable.</param>
internal sealed record GatewaySite(string Directory, int Port, Uri Sidecar, Uri Service, bool FailOpen)
{
    public string Failure => FailOpen ? "open" : "closed";

    /// <summary>Copies a file of <c>samples/gateways</c> here.</summary>
    /// <returns>Where it is now.</returns>
    public string Copy(string gateway, string file)
    {
        var copy = Path.Combine(Directory, file);
        File.Copy(Path.Combine(Repository.Root, "samples", "gateways", gateway, file), copy);
        return copy;
    }

    /// <summary>As <see cref="Copy"/>, with what stands between @ signs replaced.</summary>
    public string Render(string gateway, string file, params (string Mark, string Value)[] values)
    {
        var copy = Copy(gateway, file);
        File.WriteAllText(copy, values.Aggregate(
            File.ReadAllText(copy), (text, one) => text.Replace($"@{one.Mark}@", one.Value, StringComparison.Ordinal)));
        return copy;
    }
}
