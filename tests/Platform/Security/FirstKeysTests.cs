using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Platform.Security;
using Metering.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;
using Xunit;

namespace Metering.Platform.Tests.Security;

public sealed class FirstKeysTests
{
    private static readonly Instant Now = Instant.FromUtc(2026, 1, 15, 9, 0);

    [Fact]
    public async Task Keys_are_made_once_and_a_preset_one_works_beside_them()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var dataSource = NpgsqlDataSource.Create(test.ConnectionString);
        var database = new MeteringDatabase(dataSource);
        await new Migrator(database, [PlatformModule.Migrations], NullLogger<Migrator>.Instance).MigrateAsync(CancellationToken.None);
        var store = new ApiKeyStore(database);
        var directory = Directory.CreateTempSubdirectory("metering-keys-").FullName;
        var options = MeteringOptions.FromEnvironment(name => name switch
        {
            "METERING_POSTGRES" => test.ConnectionString,
            "METERING_DATA" => directory,
            _ => null,
        });

        await EnsureAsync(options, store);
        var admin = await File.ReadAllTextAsync(Path.Combine(directory, FirstKeys.AdminFile));
        var sidecar = await File.ReadAllTextAsync(Path.Combine(directory, FirstKeys.SidecarFile));
        await EnsureAsync(options, store);
        Assert.Equal(2, (await store.ListAsync(CancellationToken.None)).Count);

        const string preset = "a-shared-sidecar-key";
        await EnsureAsync(options with { SidecarKey = preset }, store);
        Assert.Equal(Role.Admin, (await store.FindAsync(admin, Now, CancellationToken.None))!.Role);
        Assert.Equal(Role.Sidecar, (await store.FindAsync(sidecar, Now, CancellationToken.None))!.Role);
        Assert.Equal(Role.Sidecar, (await store.FindAsync(preset, Now, CancellationToken.None))!.Role);

        var refused = await Assert.ThrowsAsync<InvalidOptionException>(() => EnsureAsync(options with { SidecarKey = "short" }, store));
        Assert.Equal("METERING_SIDECAR_KEY needs 16 to 256 characters.", refused.Message);
        Directory.Delete(directory, recursive: true);
    }

    private static Task EnsureAsync(MeteringOptions options, ApiKeyStore store) =>
        new FirstKeys(options, store, ProductClock.StandingAt(Now), NullLogger<FirstKeys>.Instance).EnsureAsync(CancellationToken.None);
}
