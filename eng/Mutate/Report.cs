using System.Globalization;
using System.Text;

namespace Metering.Mutate;

/// <summary>Counts what became of the mutants, and writes the page about it after a complete run.</summary>
/// <remarks>
/// Why a survivor is left alive is told in <c>eng/Mutate/survivors.txt</c>, a line each: file and member | change | line of source | reason. A reason that
/// begins with <c>same:</c> says that the change makes no difference to any caller.
/// </remarks>
internal sealed class Report
{
    private const decimal KilledMin = 95m;
    private const string Page = "docs/reference/rating-mutants.md";
    private const string Reasons = "eng/Mutate/survivors.txt";
    private const string Same = "same:";

    private readonly string repository;
    private readonly Dictionary<string, string> reasons;
    private readonly List<(Mutation Mutation, Fate Fate)> all = [];
    private int switched;

    public Report(string repository)
    {
        this.repository = repository;
        reasons = File.ReadLines(Path.Combine(repository, Reasons))
            .Where(line => !line.StartsWith('#') && line.Contains(" | ", StringComparison.Ordinal))
            .ToDictionary(line => line[..line.LastIndexOf(" | ", StringComparison.Ordinal)], line => line[(line.LastIndexOf(" | ",
                StringComparison.Ordinal) + 3)..]);
    }

    public void Add(Mutation mutation, Fate fate, bool isSwitched)
    {
        all.Add((mutation, fate));
        switched += isSwitched ? 1 : 0;
        if (fate.IsAlive)
        {
            var state = reasons.ContainsKey(mutation.Key) ? "known" : fate.Verdict.ToString();
            Console.WriteLine($"{state,-10} {mutation}");
        }
    }

    /// <summary>Tells the figures; 0 when enough mutants are dead and every survivor has a reason.</summary>
    public int Close(TimeSpan took, bool isComplete)
    {
        Console.WriteLine(Figures(took));
        var alive = all.Where(entry => entry.Fate.IsAlive).Select(entry => entry.Mutation).ToList();
        var unexplained = alive.Count(mutation => !reasons.ContainsKey(mutation.Key));
        if (isComplete)
        {
            File.WriteAllText(Path.Combine(repository, Page), Markdown(took, alive));
            foreach (var stale in reasons.Keys.Except(alive.Select(mutation => mutation.Key)))
            {
                Console.WriteLine($"no longer a survivor: {stale}");
            }
        }

        Console.WriteLine($"{unexplained} survivors without a reason");
        return unexplained == 0 && Killed(alive.Count) >= KilledMin ? 0 : 1;
    }

    private int Counting => all.Count - Count(Verdict.DoesNotCompile);

    private int Count(Verdict verdict) => all.Count(entry => entry.Fate.Verdict == verdict);

    private decimal Killed(int alive, int same = 0) => 100m * (Counting - alive) / Math.Max(1, Counting - same);

    private string Figures(TimeSpan took)
    {
        var alive = all.Where(entry => entry.Fate.IsAlive).Select(entry => entry.Mutation).ToList();
        var same = alive.Count(IsSame);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            | mutants | {all.Count} |
            |---|---:|
            | refused by the compiler, not counted | {Count(Verdict.DoesNotCompile)} |
            | counted | {Counting} |
            | killed by a failing test | {Count(Verdict.Killed)} |
            | killed by running far too long or ending the process | {Count(Verdict.TimedOut)} |
            | survived | {alive.Count} |
            | of these without a difference to any caller | {same} |
            | **killed, of all that count** | **{Killed(alive.Count):F1} %** |
            | killed, without those that make no difference | {Killed(alive.Count, same):F1} % |
            | minutes of processor time in tests, one processor | {TestProcess.TotalUsed.TotalMinutes:F1} |
            | minutes by the clock, at low priority beside other work | {took.TotalMinutes:F1} |
            | switched within one assembly | {switched} |
            """);
    }

    private bool IsSame(Mutation mutation) => reasons.GetValueOrDefault(mutation.Key)?.StartsWith(Same, StringComparison.Ordinal) ?? false;

    private string Markdown(TimeSpan took, List<Mutation> alive)
    {
        var text = new StringBuilder();
        text.Append("# Mutants of the rating core\n");
        text.Append("Written by `eng/mutate.sh`; change the reasons in `eng/Mutate/survivors.txt`, not this page.\n\n");
        text.Append("A mutant is `src/Rating` with one operator, constant, condition or statement changed or left out. It is killed when a test of\n");
        text.Append("`tests/Rating` fails, and survives when none does: then either a test is missing, or the change makes no difference.\n\n");
        text.Append(Figures(took)).Append("\n\n");
        text.Append("## How it is done\n");
        text.Append("All mutants that the language lets stand beside the original are compiled into one assembly, each behind a switch, and the\n");
        text.Append("tests are built once. A first run learns which tests come by which switch; a mutant then runs only those, fastest first, in a\n");
        text.Append("process that stays warm, until one fails. A test that uses four seconds of processor time more than twenty times its usual is\n");
        text.Append("failed. Survivors run their tests again in a new process with the mutant on from the start, so that what is computed once is\n");
        text.Append("mutated as well, and with 500 cases a law instead of 200. Mutants that cannot be switched (constants, patterns that declare a variable) get an assembly of their own.\n");
        text.Append("Seeds are fixed: the same sources give the same verdicts. Not mutated: text, which goldens hold; what is thrown; guards\n");
        text.Append("against null. `eng/mutate.sh Tiers` tries only files whose path contains `Tiers`.\n\n");
        text.Append("## By folder\n| folder | counted | survived |\n|---|---:|---:|\n");
        foreach (var folder in all.Where(entry => entry.Fate.Verdict != Verdict.DoesNotCompile).GroupBy(entry => FolderOf(entry.Mutation)))
        {
            text.Append($"| {folder.Key} | {folder.Count()} | {folder.Count(entry => entry.Fate.IsAlive)} |\n");
        }

        text.Append("\n## Survivors\n| where | change | in | why it lives |\n|---|---|---|---|\n");
        foreach (var mutation in alive)
        {
            var reason = reasons.GetValueOrDefault(mutation.Key, "not explained yet");
            text.Append($"| {mutation.File} {mutation.Member} | {Code(mutation.From)} → {Code(mutation.To)} | {Code(mutation.Text)} | {reason} |\n");
        }

        return text.ToString();
    }

    private static string FolderOf(Mutation mutation) => mutation.File.Contains('/', StringComparison.Ordinal) ? mutation.File.Split('/')[0] : ".";

    private static string Code(string text) => text == "nothing" ? text : $"`{text.Replace("|", "\\|", StringComparison.Ordinal)}`";
}
