using System.Diagnostics;
using System.Runtime.Versioning;
using Xunit;

namespace Metering.Tidy;

/// <summary>The scripts can be run as they come out of git, and the one script answers for each of its commands.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ScriptTests
{
    private static readonly string[] Commands = ["up", "down", "demo", "test", "bench", "events"];

    private static IEnumerable<string> Scripts =>
        from file in Repository.Files
        where file is "metering" or ".ci/run" || (file.StartsWith("eng/", StringComparison.Ordinal) && Path.GetExtension(file) == ".sh")
        select file;

    [Fact]
    public void Scripts_that_are_run_have_the_bit_and_those_that_are_sourced_do_not() =>
        Findings.ShouldBeNone(
            from script in Scripts
            let isRun = Repository.Text(script).StartsWith("#!", StringComparison.Ordinal)
            let hasBit = File.GetUnixFileMode(Repository.FullPath(script)).HasFlag(UnixFileMode.UserExecute)
            where isRun != hasBit
            select hasBit ? $"{script} has the execute bit but no #! line" : $"{script} has a #! line but no execute bit");

    [Fact]
    public void Scripts_that_are_run_stop_at_the_first_error() =>
        Findings.ShouldBeNone(
            from script in Scripts
            where script != ".ci/run"
            let text = Repository.Text(script)
            where text.StartsWith("#!", StringComparison.Ordinal) && !text.Contains("\nset -euo pipefail\n", StringComparison.Ordinal)
            select script);

    [Fact]
    public void The_help_names_every_command()
    {
        var (code, output) = Run("help");
        Assert.Equal(0, code);
        Findings.ShouldBeNone(Commands.Where(command => !output.Contains($"\n  {command} ", StringComparison.Ordinal)));
        Findings.ShouldBeNone(Commands.Where(command => !Repository.Exists($"eng/{command}.sh")).Select(command => $"eng/{command}.sh is missing"));
    }

    /// <summary>The compiler's server stays for minutes after a build; it once held the lock that the next command waits for.</summary>
    [Fact]
    public void What_a_build_leaves_running_does_not_hold_the_lock_of_up_and_down()
    {
        const string Script = """
            source eng/common.sh && source eng/build.sh
            METERING_ROOT=$(mktemp -d)
            mkdir -p "$METERING_ROOT/src/Thing" && touch "$METERING_ROOT/src/Thing/a.cs"
            need_dotnet() { :; }
            dotnet() { sleep 60 >/dev/null 2>&1 & echo $! >"$METERING_ROOT/server"; }
            exec 9>"$METERING_ROOT/lock"
            flock 9
            build_if_changed src/Thing
            exec 9>&-
            code=0
            flock -n "$METERING_ROOT/lock" true || code=1
            kill "$(cat "$METERING_ROOT/server")"
            rm -r "$METERING_ROOT"
            exit $code
            """;
        var start = new ProcessStartInfo("bash", ["-c", Script]) { WorkingDirectory = Repository.FullPath("."), RedirectStandardError = true };
        using var process = Process.Start(start)!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void An_unknown_command_shows_the_usage_and_ends_with_2()
    {
        var (code, output) = Run("frobnicate");
        Assert.Equal(2, code);
        Assert.Contains("frobnicate", output, StringComparison.Ordinal);
        Assert.Contains("Usage: ./metering", output, StringComparison.Ordinal);
    }

    [Fact]
    public void CI_runs_the_tests_and_nothing_else()
    {
        var commands = Repository.Lines(".ci/run").Where(line => line.Length > 0 && !line.StartsWith('#')).ToArray();
        Assert.Single(commands);
        Assert.EndsWith("/metering\" test", commands[0], StringComparison.Ordinal);
    }

    private static (int Code, string Output) Run(string command)
    {
        // Both streams in one, through the shell: reading two pipes one after the other can block when one fills.
        var start = new ProcessStartInfo("bash", ["-c", "\"$0\" \"$1\" 2>&1", Repository.FullPath("metering"), command])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
