using Metering.EnforcementSidecar;

try
{
    var options = SidecarOptions.FromEnvironment(Environment.GetEnvironmentVariable);
    await using var app = SidecarApplication.Create(options, TimeProvider.System);
    await app.RunAsync();
    return 0;
}
catch (InvalidOptionException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 2;
}
catch (IOException exception) when (exception.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
{
    await Console.Error.WriteLineAsync("METERING_SIDECAR_PORT names a port that is in use. Choose another or stop what listens there.");
    return 2;
}
