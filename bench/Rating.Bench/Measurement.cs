using System.Diagnostics;

namespace Metering.Rating.Bench;

/// <summary>What one way of rating took.</summary>
/// <param name="Name">Which way.</param>
/// <param name="Nanoseconds">Of processor time, which other programs on the machine do not lengthen; per unit of work: a line, or a cell.</param>
/// <param name="Bytes">Allocated per unit of work.</param>
/// <param name="Sum">What it came to, so that ways can be compared and no work is optimised away.</param>
internal sealed record Measurement(string Name, decimal Nanoseconds, decimal Bytes, decimal Sum)
{
    public static Measurement Of(string name, long units, Func<decimal> work)
    {
        GC.Collect();
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var started = Environment.CpuUsage.TotalTime;
        var sum = work();
        var elapsed = Environment.CpuUsage.TotalTime - started;
        return new Measurement(
            name, (decimal)elapsed.TotalNanoseconds / units, (decimal)(GC.GetAllocatedBytesForCurrentThread() - bytes) / units, sum);
    }

    /// <summary>The middle one by time of an odd number of rounds.</summary>
    public static Measurement MedianOf(IEnumerable<Measurement> rounds) =>
        rounds.OrderBy(round => round.Nanoseconds).ToArray() is var sorted ? sorted[sorted.Length / 2] : throw new UnreachableException();
}
