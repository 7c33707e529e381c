using System.CommandLine;
using Metering.Host;
using Metering.Platform;

var root = new RootCommand("Metering: usage events in, entitlements and invoices out.")
{
    ServeCommand.Create(),
    MigrateCommand.Create(),
    EventsImportCommand.Create(),
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
