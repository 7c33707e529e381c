using System.Diagnostics;

namespace Metering.Mutate;

/// <summary>A copy of the sources in a scratch folder, built once, so that the working tree stays as it is.</summary>
internal sealed class Workshop
{
    private readonly string root;

    public Workshop(string repository, string scratch)
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
                if (!IsBuilt(path))
                {
                    Copy(file, Path.Combine(root, path));
                }
            }
        }
    }

    public string TestFolder => Path.Combine(root, "tests/Rating/bin/Debug/net10.0");

    public string Tests => Path.Combine(TestFolder, "Metering.Rating.Tests.dll");

    /// <summary>Where assemblies of mutants go.</summary>
    public string PathOfAssembly(string name) => Path.Combine(root, $"{name}.dll");

    /// <summary>Source files, relative to the core.</summary>
    public IEnumerable<string> Sources() => Directory
        .EnumerateFiles(Path.Combine(root, "src/Rating"), "*.cs", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Path.Combine(root, "src/Rating"), file))
        .Where(file => !IsBuilt(file))
        .Order(StringComparer.Ordinal);

    public string PathOf(string source) => Path.Combine(root, "src/Rating", source);

    /// <summary>What the build adds to the sources: implicit usings and the attributes of the assembly.</summary>
    public IEnumerable<string> GeneratedSources() =>
        Directory.EnumerateFiles(Path.Combine(root, "src/Rating/obj"), "*.cs", SearchOption.AllDirectories);

    public bool Build()
    {
        using var build = Process.Start(new ProcessStartInfo("dotnet", "build tests/Rating/Rating.Tests.csproj -v q -nologo -p:RunAnalyzers=false")
        {
            WorkingDirectory = root,
        })!;
        build.WaitForExit();
        return build.ExitCode == 0;
    }

    private static bool IsBuilt(string path) => path.Split('/').Any(part => part is "obj" or "bin");

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to, overwrite: true);
    }
}
