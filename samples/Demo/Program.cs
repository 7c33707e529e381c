using Metering.Demo;
using Metering.Demo.Story;
using Metering.Demo.Upstream;

using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;
    interrupted.Cancel();
};

try
{
    var settings = DemoSettings.FromEnvironment(Environment.GetEnvironmentVariable);
    return args switch
    {
        ["upstream"] => await StubModel.RunAsync(settings, interrupted.Token),
        ["drive"] => await Drive.RunAsync(settings, interrupted.Token),
        _ => throw new DemoException("Say 'upstream' to be the model behind the gateway, or 'drive' to tell the story."),
    };
}
catch (DemoException exception)
{
    await Console.Error.WriteLineAsync("demo: " + exception.Message);
    return 2;
}
