using System.Runtime.CompilerServices;
using Xunit;

namespace Metering.Testing;

/// <summary>
/// A document compared with the file beside the test: <c>Golden/NAME.txt</c>. <c>UPDATE_GOLDEN=1</c> rewrites it, and the
/// diff is then reviewed like code.
/// </summary>
public static class Golden
{
    public static void Matches(string actual, string name, [CallerFilePath] string testFile = "") =>
        MatchesFile(actual, Path.Combine(Path.GetDirectoryName(testFile)!, "Golden", name));

    /// <summary>The same with a file that lies elsewhere, such as beside a sample.</summary>
    public static void MatchesFile(string actual, string path)
    {
        var text = actual.ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
            return;
        }

        Assert.True(File.Exists(path), $"There is no {path}; run with UPDATE_GOLDEN=1 to write it.");
        Assert.Equal(File.ReadAllText(path), text);
    }
}
