using System.Diagnostics;
using Metering.Mutate;

// Turns operators, constants and statements of src/Rating into others, one at a time, and reports the changes that no test of tests/Rating notices.
//   Mutate <repository> [only files whose path contains this]
if (args is [TestWorker.Command, var tests, var assembly])
{
    return TestWorker.Run(tests, assembly);
}

var (repository, filter) = (args[0], args.Length > 1 ? args[1] : "");
var scratch = Directory.CreateTempSubdirectory("metering-mutants-").FullName;
try
{
    var started = Stopwatch.GetTimestamp();
    var workshop = new Workshop(repository, scratch);
    if (!workshop.Build())
    {
        return 1;
    }

    var core = new Core(workshop);
    using var hunt = new Hunt(workshop, core);
    if (!hunt.Prepare())
    {
        return 1;
    }

    var report = new Report(repository);
    foreach (var mutation in core.Mutations.Where(mutation => mutation.File.Contains(filter, StringComparison.Ordinal)))
    {
        report.Add(mutation, hunt.Try(mutation), core.IsSwitched(mutation));
    }

    if (!hunt.IsSound())
    {
        Console.Error.WriteLine("A mutant left something behind in the process; the verdicts cannot be trusted.");
        return 1;
    }

    return report.Close(Stopwatch.GetElapsedTime(started), isComplete: filter.Length == 0);
}
finally
{
    Directory.Delete(scratch, recursive: true);
}
