using System.Runtime.CompilerServices;

namespace Metering.Testing;

/// <summary>Where the source tree is.</summary>
public static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>Reference material beside the checkout; tests that need it say so and skip when it is absent.</summary>
    public static string? Shared { get; } =
        Path.GetFullPath(Path.Combine(Root, "..", "shared")) is var path && Directory.Exists(path) ? path : null;

    private static string Find([CallerFilePath] string thisFile = "")
    {
        var directory = Path.GetDirectoryName(thisFile);
        while (directory is not null && !File.Exists(Path.Combine(directory, "Metering.sln")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory ?? throw new InvalidOperationException("Metering.sln was not found above the tests.");
    }
}
