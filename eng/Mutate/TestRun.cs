using System.Collections.Frozen;
using System.Globalization;

namespace Metering.Mutate;

/// <summary>What a test did without a mutant.</summary>
/// <param name="Name">The class and the method.</param>
/// <param name="Passes">Whether it passed.</param>
/// <param name="Took">How long it took.</param>
/// <param name="Reached">The mutants whose place it came by.</param>
internal sealed record TestRun(string Name, bool Passes, TimeSpan Took, FrozenSet<int> Reached)
{
    public static TestRun Parse(string line) => line.Split(' ') is [var verdict, var took, var name, var ids]
        ? new TestRun(
            name,
            verdict == "passes",
            TimeSpan.FromMilliseconds(double.Parse(took, CultureInfo.InvariantCulture)),
            ids.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture)).ToFrozenSet())
        : throw new FormatException(line);
}
