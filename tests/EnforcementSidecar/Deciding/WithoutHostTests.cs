using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Deciding;

public sealed class WithoutHostTests
{
    [Fact]
    public async Task Without_the_server_each_class_of_limit_does_what_is_said_of_it_and_is_counted()
    {
        var counted = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "metering.sidecar.decisions_without_host")
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
            counted.AddOrUpdate(string.Join(' ', tags.ToArray().Select(tag => tag.Value)), count, (_, before) => before + count));
        listener.Start();
        await using var host = await FakeHost.StartAsync();
        var (hard, soft) = (Some.Id(), Some.Id());
        host.AddPool(hard, 100);
        host.AddPool(soft, 100, soft: true);
        host.Put(Some.Customer(
            "free", Some.Feature("gate"), Some.Feature("rate", null, new RateLimitTerms(3, 60, 3)), Some.Feature("hard", Some.Hard(hard, 100)),
            Some.Feature("soft", Some.Soft(soft, 100))));
        var time = new ShiftedTime();
        await using var sidecar = await TestSidecar.StartAsync(host, monotonic: time);
        foreach (var feature in (string[])["gate", "rate", "hard", "soft"])
        {
            Assert.Equal(200, (int)(await sidecar.CheckAsync("free", feature)).StatusCode);
        }

        await host.GoAwayAsync();
        time.Forward(TimeSpan.FromSeconds(21));
        foreach (var (feature, status, reason) in (IEnumerable<(string, int, string?)>)
        [
            ("gate", 200, null), ("other", 403, "feature_not_entitled"), ("rate", 200, null), ("rate", 200, null), ("rate", 429, "rate_limited"),
            ("soft", 200, null), ("hard", 503, "lease_unavailable"),
        ])
        {
            var answer = await sidecar.CheckAsync("free", feature);
            Assert.Equal((feature, status, reason), (feature, (int)answer.StatusCode, answer.Header("X-Meter-Reason")));
        }

        // A share lasts half a minute here. Afterwards it may be another's, and nobody can tell.
        time.Forward(TimeSpan.FromSeconds(10));
        var undecided = await sidecar.CheckAsync("free", "rate");
        Assert.Equal((503, "share_unavailable"), ((int)undecided.StatusCode, undecided.Header("X-Meter-Reason")));
        foreach (var expected in (string[])
        [
            "gate allowed", "gate feature_not_entitled", "share allowed", "share rate_limited", "share share_unavailable", "soft allowed",
            "hard lease_unavailable",
        ])
        {
            Assert.True(counted.ContainsKey(expected), $"{expected} is not in {string.Join(", ", counted.Keys)}");
        }

        // Nobody has confirmed for a day what is known: no class is decided from it any more.
        time.Forward(TimeSpan.FromHours(24));
        foreach (var feature in (string[])["gate", "rate", "soft", "hard"])
        {
            Assert.Equal("not_ready", (await sidecar.CheckAsync("free", feature)).Header("X-Meter-Reason"));
        }
    }
}
