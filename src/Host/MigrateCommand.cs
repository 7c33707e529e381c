using System.CommandLine;
using Metering.Platform;

namespace Metering.Host;

/// <summary><c>migrate</c>: brings the database to this version, makes the first keys, and ends.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var command = new Command("migrate", "Brings the database to this version and ends.");
        command.SetAction(async (_, cancellationToken) =>
        {
            var options = MeteringOptions.FromEnvironment(Environment.GetEnvironmentVariable);
            await using var app = await HostApplication.CreateAsync(options, cancellationToken);
            return 0;
        });
        return command;
    }
}
