using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Metering.Mutate;

// Turns operators and constants of src/Rating into others, one at a time, and reports the changes that no test of tests/Rating notices.
//   Mutate <repository> [every nth mutant: 1 for all] [only files whose path contains this]
var repository = args[0];
var every = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
var filter = args.Length > 2 ? args[2] : "";
var scratch = Directory.CreateTempSubdirectory("metering-mutants-").FullName;
try
{
    var bench = new Bench(repository, scratch);
    Environment.SetEnvironmentVariable("METERING_LAW_CASES", Environment.GetEnvironmentVariable("METERING_LAW_CASES") ?? "300");
    if (!bench.IsSound())
    {
        Console.Error.WriteLine("The tests do not pass without a mutant.");
        return 1;
    }

    // The sample is spread by a hash, not by place, and is the same every time for the same sources.
    var mutants = bench.Sources()
        .SelectMany(source => Mutator.In(source, bench.Lines(source)))
        .Where(mutant => mutant.File.Contains(filter, StringComparison.Ordinal))
        .OrderBy(mutant => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(mutant.ToString()))), StringComparer.Ordinal)
        .ToArray();
    var sample = mutants.Where((_, i) => i % every == 0).ToArray();
    var started = Stopwatch.GetTimestamp();
    var verdicts = new Dictionary<Verdict, int> { [Verdict.Killed] = 0, [Verdict.Survived] = 0, [Verdict.DoesNotCompile] = 0 };
    foreach (var mutant in sample)
    {
        var verdict = bench.Try(mutant);
        verdicts[verdict]++;
        if (verdict == Verdict.Survived)
        {
            Console.WriteLine($"survived  {mutant}");
        }
    }

    var (killed, survived) = (verdicts[Verdict.Killed], verdicts[Verdict.Survived]);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"""
        {mutants.Length} mutants, {sample.Length} tried in {Stopwatch.GetElapsedTime(started).TotalMinutes:F1} min:
        {killed} killed, {survived} survived, {verdicts[Verdict.DoesNotCompile]} did not compile;
        {100m * killed / Math.Max(1, killed + survived):F1} % killed
        """));
    return 0;
}
finally
{
    Directory.Delete(scratch, recursive: true);
}
