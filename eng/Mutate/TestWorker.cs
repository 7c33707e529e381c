using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;

namespace Metering.Mutate;

/// <summary>The inside of a <see cref="TestProcess"/>: runs tests as its standard input says and tells on its standard output.</summary>
internal static class TestWorker
{
    public const string Command = "worker";

    public static int Run(string testsPath, string corePath)
    {
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        Console.SetOut(TextWriter.Null);
        var context = new Context(testsPath, corePath);
        var tests = TestCase.In(context.LoadFromAssemblyPath(testsPath));
        var switches = context.Core.GetType("Mutants");
        while (Console.In.ReadLine()?.Split(' ') is { } words)
        {
            if (words[0] == "all")
            {
                RunAll(tests, switches, output);
            }
            else
            {
                switches?.GetField("On")!.SetValue(null, int.Parse(words[1], CultureInfo.InvariantCulture));
                Try(tests, words[2..].Select(word => int.Parse(word, CultureInfo.InvariantCulture)), output);
                switches?.GetField("On")!.SetValue(null, 0);
            }
        }

        return 0;
    }

    /// <summary>Each test once, with how long it takes and which mutants it reaches.</summary>
    private static void RunAll(IReadOnlyList<TestCase> tests, Type? switches, StreamWriter output)
    {
        var reached = switches?.GetField("Reached")!.GetValue(null) as bool[] ?? [];
        foreach (var test in tests)
        {
            Array.Clear(reached);
            var started = Stopwatch.GetTimestamp();
            var passes = test.Passes();
            var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            var ids = string.Join(',', reached.Index().Where(entry => entry.Item).Select(entry => entry.Index));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(passes ? "passes" : "fails")} {took:F1} {test} {ids}"));
        }

        output.WriteLine("end");
    }

    private static void Try(IReadOnlyList<TestCase> tests, IEnumerable<int> order, StreamWriter output)
    {
        foreach (var index in order)
        {
            output.WriteLine($"at {index}");
            if (!tests[index].Passes())
            {
                output.WriteLine($"killed {tests[index]}");
                return;
            }
        }

        output.WriteLine("survived");
    }

    /// <summary>Finds what the tests need beside them, but the core where it is told.</summary>
    private sealed class Context : AssemblyLoadContext
    {
        private readonly AssemblyDependencyResolver resolver;

        public Context(string testsPath, string corePath)
        {
            resolver = new AssemblyDependencyResolver(testsPath);
            Core = LoadFromAssemblyPath(corePath);
        }

        public Assembly Core { get; }

        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name == Core.GetName().Name ? Core
            : resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path)
            : null;
    }
}
