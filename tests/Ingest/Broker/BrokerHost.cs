using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Broker;

/// <summary>A host with queues of its own at the broker that all tests share.</summary>
internal static class BrokerHost
{
    public static Task<TestHost> StartAsync()
    {
        var broker = Environment.GetEnvironmentVariable("METERING_TEST_RABBITMQ");
        Assert.SkipWhen(string.IsNullOrEmpty(broker), "METERING_TEST_RABBITMQ is not set: ./metering test starts a broker and sets it.");
        return TestHost.StartAsync(rabbitMq: broker);
    }
}
