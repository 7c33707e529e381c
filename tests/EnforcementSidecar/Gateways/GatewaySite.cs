namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>Where one gateway runs, and between whom.</summary>
/// <param name="Directory">Its own, writable.</param>
internal sealed record GatewaySite(string Directory, int Port, Uri Sidecar, Uri Service, bool FailOpen)
{
    /// <summary>As the samples call it.</summary>
    public string Failure => FailOpen ? "open" : "closed";

    /// <summary>A file of <c>samples/gateways</c>, under its own name.</summary>
    public string CopySample(string gateway, string file) => Copy(Path.Combine(WireExchange.Folder, gateway, file), file);

    /// <param name="marks">What stands between @ signs, and what is put there.</param>
    /// <returns>Where the file is now.</returns>
    public string Copy(string source, string file, params (string Mark, string Value)[] marks)
    {
        var copy = Path.Combine(Directory, file);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        File.WriteAllText(copy, marks.Aggregate(
            File.ReadAllText(source), (text, one) => text.Replace($"@{one.Mark}@", one.Value, StringComparison.Ordinal)));
        return copy;
    }
}
