using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Metering.Ingest.Bench;

/// <summary>The sections of all parts that ran, below the machine they ran on.</summary>
internal sealed class Report
{
    private readonly StringBuilder text = new(
        $"# Ingest\n{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.RuntimeIdentifier}, {Environment.ProcessorCount} processors "
        + $"({ProcessorName()}); {BenchServer.Description}\n");

    public string Text => text.ToString();

    public void Add(BenchPart part, string section) => text.Append(CultureInfo.InvariantCulture, $"\n## {part.Name}: {part.Question}\n{section}");

    /// <summary>A bar and whether it holds.</summary>
    public static string Bar(string what, double measured, string asked, bool holds) =>
        string.Create(CultureInfo.InvariantCulture, $"| {what} | {asked} | {measured:F2} | {(holds ? "holds" : "**missed**")} |\n");

    private static string ProcessorName() => File.ReadLines("/proc/cpuinfo")
        .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";
}
