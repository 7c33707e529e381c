using System.CommandLine;
using Metering.Platform;

namespace Metering.Host;

/// <summary><c>serve --role all</c>: runs the monolith until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var role = new Option<string>("--role")
        {
            Description = "What this process does. 'all': API, consumers and schedules.",
            DefaultValueFactory = _ => "all",
        };
        role.AcceptOnlyFromAmong("all");
        var command = new Command("serve", "Runs the server.") { role };
        command.SetAction(async (_, cancellationToken) =>
        {
            var options = MeteringOptions.FromEnvironment(Environment.GetEnvironmentVariable);
            await using var app = await HostApplication.CreateAsync(options, cancellationToken);
            await app.RunAsync(cancellationToken);
            return 0;
        });
        return command;
    }
}
