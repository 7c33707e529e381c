using System.CommandLine;
using Metering.Host;
using Metering.Platform;

var root = new RootCommand("Metering: usage events in, entitlements and invoices out.")
{
    ServeCommand.Create(),
    MigrateCommand.Create(),
    new Command("events", "Usage events.") { EventsImportCommand.Create(), EventsTailCommand.Create() },
    LedgerCommands.Create(),
};

try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (InvalidOptionException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 2;
}
