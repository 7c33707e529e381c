namespace Metering.Testing;

/// <summary>Where the build of this configuration has put the programs, for tests that run them as processes.</summary>
public static class BuildOutput
{
    /// <summary>Debug or Release, as the running test was built.</summary>
    private static readonly string Configuration =
        Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)))!;

    /// <param name="project">Path of the project's folder below the root, e.g. <c>src/Host</c>.</param>
    public static string Program(string project, string assembly)
    {
        var path = Path.Combine(Repository.Root, project, "bin", Configuration, "net10.0", assembly + ".dll");
        return File.Exists(path) ? path : throw new InvalidOperationException($"{path} is missing: build the solution first.");
    }
}
