using System.Xml.Linq;

namespace Metering.Tidy;

/// <summary>The files of this repository as the tests about the code see them: tracked or trackable, never build output.</summary>
internal static class Repository
{
    private static readonly string[] SkippedFolders =
        ["bin", "obj", ".git", ".vs", ".idea", "node_modules", "TestResults", ".metering", ".metering-demo"];

    public static string Root { get; } = FindRoot();

    /// <summary>Every file, as a path from the root with forward slashes, in ordinal order.</summary>
    public static IReadOnlyList<string> Files { get; } =
        [.. Walk(Root).Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    public static IEnumerable<string> CSharp(params string[] folders) =>
        Files.Where(file => file.EndsWith(".cs", StringComparison.Ordinal)
            && folders.Any(folder => file.StartsWith(folder + "/", StringComparison.Ordinal)));

    /// <summary>The folders below src, which are the modules.</summary>
    public static IEnumerable<string> Modules =>
        Files.Where(file => file.StartsWith("src/", StringComparison.Ordinal) && file.EndsWith(".csproj", StringComparison.Ordinal))
            .Select(file => file.Split('/')[1]);

    public static string FullPath(string file) => Path.Combine(Root, file);

    public static bool Exists(string file) => File.Exists(FullPath(file));

    public static string Text(string file) => File.ReadAllText(FullPath(file));

    public static string[] Lines(string file) => File.ReadAllLines(FullPath(file));

    /// <summary>The names of the projects that a project file refers to.</summary>
    public static IEnumerable<string> ProjectReferences(string projectFile) =>
        XDocument.Parse(Text(projectFile)).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    private static IEnumerable<string> Walk(string folder) =>
        Directory.EnumerateFiles(folder).Concat(
            Directory.EnumerateDirectories(folder)
                .Where(sub => !SkippedFolders.Contains(Path.GetFileName(sub)) && new DirectoryInfo(sub).LinkTarget is null)
                .SelectMany(Walk));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Metering.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("Metering.sln is in no folder above " + AppContext.BaseDirectory);
    }
}
