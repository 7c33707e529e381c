using System.Globalization;
using System.Text;

namespace Metering.EnforcementSidecar.Spooling;

/// <summary>
/// How far shipping got, on disk. Of fixed width and written over in place: a full disk has no room for a new file, and it is shipping that
/// makes room. Behind the truth after a crash it only ships something twice.
/// </summary>
internal static class SpoolCursor
{
    private const string FileName = "cursor";
    private const string Digits = "D19";

    /// <summary>The sequence number of the first event that is not shipped. Makes the file while there is room for it.</summary>
    public static long Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        var text = File.Exists(path) ? File.ReadAllText(path).Trim() : "";
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var next))
        {
            return next;
        }

        Write(directory, 1);
        return 1;
    }

    public static void Write(string directory, long next)
    {
        using var file = File.OpenHandle(Path.Combine(directory, FileName), FileMode.OpenOrCreate, FileAccess.Write);
        RandomAccess.Write(file, Encoding.ASCII.GetBytes(next.ToString(Digits, CultureInfo.InvariantCulture)), fileOffset: 0);
    }
}
