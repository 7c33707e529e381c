using System.Globalization;
using System.Runtime.InteropServices;

namespace Metering.Sidecar.Bench;

/// <summary>How results are written.</summary>
internal static class Report
{
    public static string Head() =>
        $"# EnforcementSidecar\n{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.RuntimeIdentifier}, "
        + $"{Environment.ProcessorCount} processors ({ProcessorName()}); client and servers share them.\n";

    /// <summary>A bar and whether it holds.</summary>
    public static string Bar(string what, double measured, string asked, bool holds) =>
        string.Create(CultureInfo.InvariantCulture, $"| {what} | {asked} | {measured:0.###} | {(holds ? "holds" : "**missed**")} |\n");

    public static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;

    private static string ProcessorName() => File.ReadLines("/proc/cpuinfo")
        .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";
}
