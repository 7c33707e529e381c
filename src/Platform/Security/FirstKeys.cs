using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Platform.Security;

/// <summary>
/// Makes the first admin and sidecar keys when there are none, and leaves them in files that only the operator can read.
/// A preset admin key (<c>METERING_ADMIN_KEY</c>) works from the next start on, whatever keys exist.
/// </summary>
public sealed class FirstKeys(MeteringOptions options, ApiKeyStore store, IClock clock, ILogger<FirstKeys> logger)
{
    public const string AdminFile = "admin-key";
    public const string SidecarFile = "sidecar-key";

    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (options.AdminKey is { } preset)
        {
            if (preset.Length is < ApiKey.MinPresetLength or > ApiKey.MaxLength)
            {
                throw new InvalidOptionException("METERING_ADMIN_KEY", $"needs {ApiKey.MinPresetLength} to {ApiKey.MaxLength} characters");
            }

            await AddAsync(new ApiKey(preset), Role.Admin, AdminFile, cancellationToken);
        }
        else if (!await store.AnyAsync(Role.Admin, cancellationToken))
        {
            await AddAsync(ApiKey.Generate("mtr_admin"), Role.Admin, AdminFile, cancellationToken);
        }

        if (!await store.AnyAsync(Role.Sidecar, cancellationToken))
        {
            await AddAsync(ApiKey.Generate("mtr_sidecar"), Role.Sidecar, SidecarFile, cancellationToken);
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
