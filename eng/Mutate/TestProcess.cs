using System.Diagnostics;
using System.Globalization;

namespace Metering.Mutate;

/// <summary>A process that runs tests against one assembly of the core; one that hangs or dies costs a mutant and not the run.</summary>
internal sealed class TestProcess : IDisposable
{
    // A mutant can make a loop endless. Time is that of the processor, so that a busy machine does not kill a mutant that tests let live.
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(4);
    private const double TimesSlowerMax = 20;

    // A process that only waits uses no processor; nothing in the core waits, so this is never reached unless something is wrong.
    private static readonly TimeSpan SilenceMax = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);
    private const string MemoryMax = "0x40000000";

    private readonly Process process;
    private TimeSpan used;

    /// <summary>Starts one.</summary>
    /// <param name="tests">The assembly of the tests.</param>
    /// <param name="core">The assembly of the core, which stands for the one beside the tests.</param>
    /// <param name="lawCases">Of how many cases a law is.</param>
    public TestProcess(string tests, string core, int lawCases)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [TestWorker.Command, tests, core])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["METERING_LAW_CASES"] = lawCases.ToString(CultureInfo.InvariantCulture);
        start.Environment["METERING_LAW_SEED"] = "20260101,1234567";
        start.Environment["DOTNET_GCHeapHardLimit"] = MemoryMax;
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
    }

    public bool HasEnded { get; private set; }

    /// <summary>The processor time of all such processes that were disposed of.</summary>
    public static TimeSpan TotalUsed { get; private set; }

    /// <summary>Runs all tests without a mutant.</summary>
    public IReadOnlyList<TestRun> RunAll()
    {
        process.StandardInput.WriteLine("all");
        List<TestRun> runs = [];
        while (Read(SilenceMax) is { } line && line != "end")
        {
            runs.Add(TestRun.Parse(line));
        }

        return runs;
    }

    /// <summary>Switches a mutant on and runs the tests in the order given until one fails.</summary>
    /// <param name="id">Which; zero for the one that the assembly is of.</param>
    /// <param name="order">Places of tests in the list of all.</param>
    /// <param name="usual">How long each of all tests usually takes.</param>
    public Fate Try(int id, IEnumerable<int> order, IReadOnlyList<TestRun> usual)
    {
        process.StandardInput.WriteLine($"try {id} {string.Join(' ', order)}");
        var time = TimeMax;
        var running = "the start";
        while (Read(time) is { } line)
        {
            var words = line.Split(' ', 2);
            switch (words[0])
            {
                case "at":
                    var test = usual[int.Parse(words[1], CultureInfo.InvariantCulture)];
                    (running, time) = (test.Name, TimeMax + (TimesSlowerMax * test.Took));
                    break;
                case "killed":
                    return new Fate(Verdict.Killed, words[1]);
                default:
                    return new Fate(Verdict.Survived, "");
            }
        }

        return new Fate(Verdict.TimedOut, running);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            used = process.TotalProcessorTime;
            process.Kill(entireProcessTree: true);
        }

        process.WaitForExit();
        process.Dispose();
        TotalUsed += used;
    }

    /// <summary>The next line; null when the process died, or used more time than allowed and was ended.</summary>
    private string? Read(TimeSpan timeMax)
    {
        var usedBefore = used = process.TotalProcessorTime;
        var started = Stopwatch.GetTimestamp();
        var line = process.StandardOutput.ReadLineAsync();
        while (!line.Wait(LookEvery))
        {
            process.Refresh();
            if (process.HasExited)
            {
                continue;
            }

            used = process.TotalProcessorTime;
            if (used - usedBefore > timeMax || Stopwatch.GetElapsedTime(started) > SilenceMax)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        HasEnded |= line.Result is null;
        return line.Result;
    }
}
