namespace Metering.Bench;

/// <summary>Processor time of other processes, as the kernel counts it in ticks of a hundredth of a second.</summary>
internal static class ProcessTimes
{
    private const int TicksPerSecond = 100;
    private const int ParentField = 1;
    private const int FirstTimeField = 11;
    private const int OwnTimes = 2;
    private const int WithEndedChildren = 4;

    /// <summary>Of a process, its children that live and those that have ended.</summary>
    public static TimeSpan OfFamily(int parent)
    {
        var ticks = Ticks(Fields(parent), WithEndedChildren);
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && Fields(id) is { } fields && int.Parse(fields[ParentField]) == parent)
            {
                ticks += Ticks(fields, OwnTimes);
            }
        }

        return TimeSpan.FromSeconds((double)ticks / TicksPerSecond);
    }

    private static long Ticks(string[]? fields, int count) =>
        fields is null ? 0 : fields.Skip(FirstTimeField).Take(count).Sum(long.Parse);

    /// <summary>What stands behind the name, which may hold anything; null when the process has ended.</summary>
    private static string[]? Fields(int id)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{id}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
