namespace Metering.Mutate;

/// <summary>Tries mutants: those that can be switched in one warm process, the others each in one of its own, and survivors once more from the start.</summary>
internal sealed class Hunt(Workshop workshop, Core core) : IDisposable
{
    // Between mutants there is no time for the ten thousand cases of a law; a survivor gets more than the others.
    private const int LawCases = 200;
    private const int LawCasesOfSurvivor = 500;

    private readonly string together = workshop.PathOfAssembly("all-mutants");
    private readonly List<TestRun> usual = [];
    private readonly HashSet<int> once = [];
    private TestProcess? warm;

    /// <summary>Builds the assembly of all mutants and learns what each test reaches; false when the tests do not pass without a mutant.</summary>
    public bool Prepare()
    {
        core.EmitAll(together);
        warm = new TestProcess(workshop.Tests, together, LawCases);
        var first = warm.RunAll();

        // What only the first run of a test comes by is computed once for the whole process; the times are those of the second.
        var second = warm.RunAll();
        once.UnionWith(first.Zip(second).SelectMany(both => both.First.Reached.Except(both.Second.Reached)));
        usual.AddRange(first.Zip(second, (cold, hot) => hot with
        {
            Passes = cold.Passes && hot.Passes,
            Reached = [.. cold.Reached, .. hot.Reached],
        }));
        foreach (var failed in usual.Where(run => !run.Passes))
        {
            Console.Error.WriteLine($"{failed.Name} fails without a mutant.");
        }

        return usual.Count > 0 && usual.All(run => run.Passes);
    }

    public Fate Try(Mutation mutation)
    {
        if (!core.IsSwitched(mutation))
        {
            return TryAlone(mutation);
        }

        var order = TestsReaching(mutation.Id);
        if (order.Count == 0)
        {
            return new Fate(Verdict.NotReached, "");
        }

        if (warm is null || warm.HasEnded)
        {
            warm?.Dispose();
            warm = new TestProcess(workshop.Tests, together, LawCases);
            warm.RunAll();
        }

        var fate = warm.Try(mutation.Id, order, usual);
        return fate.IsAlive ? TryFromTheStart(mutation, order) : fate;
    }

    /// <summary>Whether the tests still pass in the process that many mutants went through.</summary>
    public bool IsSound() => warm is null || warm.HasEnded || warm.RunAll().All(run => run.Passes);

    public void Dispose() => warm?.Dispose();

    /// <summary>What is computed once for a process was computed before the mutant was on; here it is on from the start.</summary>
    private Fate TryFromTheStart(Mutation mutation, List<int> order)
    {
        using var process = new TestProcess(workshop.Tests, together, LawCasesOfSurvivor);
        var others = once.Contains(mutation.Id) ? Fastest(Enumerable.Range(0, usual.Count).Except(order)) : [];
        return process.Try(mutation.Id, order.Concat(others), Slower());
    }

    private Fate TryAlone(Mutation mutation)
    {
        var path = workshop.PathOfAssembly("one-mutant");
        if (!core.TryEmit(mutation, path))
        {
            return new Fate(Verdict.DoesNotCompile, "");
        }

        var neighbours = core.Mutations.Where(other => other.File == mutation.File).Select(other => other.Id).ToHashSet();
        var near = Fastest(Enumerable.Range(0, usual.Count).Where(i => usual[i].Reached.Overlaps(neighbours))).ToList();
        using var process = new TestProcess(workshop.Tests, path, LawCasesOfSurvivor);
        return process.Try(0, near.Concat(Fastest(Enumerable.Range(0, usual.Count).Except(near))), Slower());
    }

    private List<int> TestsReaching(int id) => [.. Fastest(Enumerable.Range(0, usual.Count).Where(i => usual[i].Reached.Contains(id)))];

    private IEnumerable<int> Fastest(IEnumerable<int> tests) => tests.OrderBy(i => usual[i].Took);

    private List<TestRun> Slower() => [.. usual.Select(run => run with { Took = run.Took * LawCasesOfSurvivor / LawCases })];
}
