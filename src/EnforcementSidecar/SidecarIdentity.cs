using Metering.EnforcementSidecar.Identifiers;
using NodaTime;

namespace Metering.EnforcementSidecar;

/// <summary>Which sidecar this is: made at the first start, kept in the data directory, so that Host recognises it afterwards.</summary>
/// <param name="BootId">Of the machine; empty where it has none.</param>
internal sealed record SidecarIdentity(string Id, string BootId)
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

        return new SidecarIdentity(known, File.Exists(BootIdFile) ? File.ReadAllText(BootIdFile).Trim() : "");
    }
}
