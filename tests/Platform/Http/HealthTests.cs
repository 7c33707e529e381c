using System.Net;
using Metering.Testing;
using Xunit;

namespace Metering.Platform.Tests.Http;

public sealed class HealthTests
{
    [Fact]
    public async Task Without_a_broker_configured_there_is_none_to_wait_for()
    {
        await using var host = await TestHost.StartAsync();
        Assert.Equal("ready", await host.Client.GetStringAsync("/health/ready"));
    }

    [Fact]
    public async Task A_broker_that_is_configured_and_does_not_answer_is_said()
    {
        await using var host = await TestHost.StartAsync(rabbitMq: $"amqp://guest:guest@127.0.0.1:{FreePort.Take(1)[0]}/");
        using var ready = await host.Client.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("not ready: the broker does not answer", await ready.Content.ReadAsStringAsync());
        Assert.Equal("live", await host.Client.GetStringAsync("/health/live"));
    }
}
