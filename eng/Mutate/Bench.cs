using System.Diagnostics;

namespace Metering.Mutate;

/// <summary>A copy of the sources in a scratch directory in which mutants are built and tested, so that the working tree stays as it is.</summary>
internal sealed class Bench
{
    // A mutant can make a loop endless; whatever takes several times as long as the whole suite is dead.
    private static readonly TimeSpan TestTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan BuildTimeMax = TimeSpan.FromMinutes(3);

    private readonly string root;

    public Bench(string repository, string scratch)
    {
        root = scratch;
        foreach (var file in new[] { "Directory.Build.props", "Directory.Packages.props", "BannedSymbols.txt", "tests/Directory.Build.props" })
        {
            Copy(Path.Combine(repository, file), Path.Combine(root, file));
        }

        foreach (var folder in new[] { "src/Rating", "tests/Rating" })
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(repository, folder), "*", SearchOption.AllDirectories))
            {
                var path = Path.GetRelativePath(repository, file);
                if (!path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
                {
                    Copy(file, Path.Combine(root, path));
                }
            }
        }
    }

    private string Tests => Path.Combine(root, "tests/Rating/bin/Debug/net10.0/Metering.Rating.Tests");

    /// <summary>Source files, relative to the core.</summary>
    public IEnumerable<string> Sources() => Directory
        .EnumerateFiles(Path.Combine(root, "src/Rating"), "*.cs", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Path.Combine(root, "src/Rating"), file))
        .Where(file => !file.StartsWith("obj/", StringComparison.Ordinal) && !file.StartsWith("bin/", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);

    public string[] Lines(string source) => File.ReadAllLines(PathOf(source));

    /// <summary>Builds everything and runs the tests without any change.</summary>
    public bool IsSound() => Run("dotnet", "build tests/Rating/Rating.Tests.csproj -v q", BuildTimeMax) && TestsPass();

    public Verdict Try(Mutation mutation)
    {
        var path = PathOf(mutation.File);
        var original = File.ReadAllText(path);
        var lines = File.ReadAllLines(path);
        lines[mutation.Line] = mutation.After;
        File.WriteAllLines(path, lines);
        try
        {
            if (!Run("dotnet", "build src/Rating/Rating.csproj --no-restore -v q -p:RunAnalyzers=false -p:GenerateDocumentationFile=false",
                BuildTimeMax))
            {
                return Verdict.DoesNotCompile;
            }

            Copy(Path.Combine(root, "src/Rating/bin/Debug/net10.0/Metering.Rating.dll"), Path.Combine(root,
                "tests/Rating/bin/Debug/net10.0/Metering.Rating.dll"));
            return TestsPass() ? Verdict.Survived : Verdict.Killed;
        }
        finally
        {
            File.WriteAllText(path, original);
        }
    }

    private string PathOf(string source) => Path.Combine(root, "src/Rating", source);

    private bool TestsPass() => Run(Tests, "-stopOnFail -noColor", TestTimeMax);

    private bool Run(string program, string arguments, TimeSpan timeMax)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (process.WaitForExit(timeMax))
        {
            return process.ExitCode == 0;
        }

        process.Kill(entireProcessTree: true);
        return false;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to, overwrite: true);
    }
}
