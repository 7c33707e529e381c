using System.Globalization;
using System.Text;
using Metering.EnforcementSidecar.Identifiers;
using NodaTime;

namespace Metering.EnforcementSidecar;

/// <summary>Which sidecar this is: made at the first start, kept in the data directory, so that Host recognises it afterwards.</summary>
/// <param name="BootId">Of the machine; empty where it has none.</param>
/// <param name="Start">How often it has been started; what Host hears from an earlier process is of no account any more.</param>
internal sealed record SidecarIdentity(string Id, string BootId, long Start)
{
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    public static SidecarIdentity Open(string directory)
    {
        var path = Path.Combine(directory, "sidecar-id");
        var known = File.Exists(path) ? File.ReadAllText(path).Trim() : "";
        if (!Ulid.TryParse(known, out _))
        {
            known = Ulid.NewText(SystemClock.Instance.GetCurrentInstant());
            File.WriteAllText(path, known + "\n");
        }

        return new SidecarIdentity(known, File.Exists(BootIdFile) ? File.ReadAllText(BootIdFile).Trim() : "", CountStart(directory));
    }

    /// <summary>On disk before anything is said by this number.</summary>
    private static long CountStart(string directory)
    {
        var path = Path.Combine(directory, "starts");
        var text = File.Exists(path) ? File.ReadAllText(path).Trim() : "";
        var before = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;
        var unfinished = path + ".new";
        using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write))
        {
            file.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{before + 1}\n")));
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
        return before + 1;
    }
}
