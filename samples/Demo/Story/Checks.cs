namespace Metering.Demo.Story;

/// <summary>Numbers that have to agree. The story says at its end whether they all did.</summary>
public sealed class Checks
{
    private readonly List<string> differences = [];

    public int Count { get; private set; }

    public IReadOnlyList<string> Differences => differences;

    public void Equal<T>(string what, T expected, T actual)
    {
        Count++;
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            differences.Add($"{what}: expected {expected}, found {actual}");
        }
    }
}
