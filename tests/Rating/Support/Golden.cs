using System.Runtime.CompilerServices;

namespace Metering.Rating.Tests;

/// <summary>Compares text with a file under <c>Goldens/</c>. <c>UPDATE_GOLDEN=1</c> rewrites the file; the difference is then reviewed.</summary>
internal static class Golden
{
    public static void Matches(string name, string actual, [CallerFilePath] string caller = "")
    {
        var root = Directory.GetParent(caller)!;
        while (!File.Exists(Path.Combine(root.FullName, "Rating.Tests.csproj")))
        {
            root = root.Parent!;
        }

        var path = Path.Combine(root.FullName, "Goldens", name);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }
}
