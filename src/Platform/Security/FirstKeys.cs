using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Platform.Security;

/// <summary>
/// Makes the first admin and sidecar keys when there are none, and leaves them in files that only the operator can read.
/// A preset key (<c>METERING_ADMIN_KEY</c>, <c>METERING_SIDECAR_KEY</c>) works from the next start on, whatever keys exist.
/// </summary>
public sealed class FirstKeys(MeteringOptions options, ApiKeyStore store, IClock clock, ILogger<FirstKeys> logger)
{
    public const string AdminFile = "admin-key";
    public const string SidecarFile = "sidecar-key";

    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        await EnsureAsync(Role.Admin, AdminFile, options.AdminKey, "METERING_ADMIN_KEY", cancellationToken);
        await EnsureAsync(Role.Sidecar, SidecarFile, options.SidecarKey, "METERING_SIDECAR_KEY", cancellationToken);
    }

    private async Task EnsureAsync(Role role, string file, string? preset, string option, CancellationToken cancellationToken)
    {
        if (preset?.Length is < ApiKey.MinPresetLength or > ApiKey.MaxLength)
        {
            throw new InvalidOptionException(option, $"needs {ApiKey.MinPresetLength} to {ApiKey.MaxLength} characters");
        }

        if (preset is not null)
        {
            await AddAsync(new ApiKey(preset), role, file, cancellationToken);
        }
        else if (!await store.AnyAsync(role, cancellationToken))
        {
            await AddAsync(ApiKey.Generate($"mtr_{role.Name}"), role, file, cancellationToken);
        }
    }

    /// <summary>The file first, then the row: a crash in between leaves a key that is made anew, never one that nobody knows.</summary>
    private async Task AddAsync(ApiKey key, Role role, string file, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.DataDirectory);
        var path = Path.Combine(options.DataDirectory, file);
        var ownerOnly = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            File.Delete(path);
            ownerOnly.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (var writer = new StreamWriter(path, ownerOnly))
        {
            await writer.WriteAsync(key.Secret.AsMemory(), cancellationToken);
        }

        await store.AddAsync(key, "first start", role, null, clock.GetCurrentInstant(), cancellationToken);
        logger.FirstKeyWritten(file, options.DataDirectory);
    }
}
