using Metering.Ingest.Events;
using Metering.Ingest.Recording;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace Metering.Ingest.Tests.Events;

public sealed class IntakeTests
{
    [Fact]
    public async Task When_too_much_waits_the_next_is_refused_and_what_waits_is_recorded_even_at_a_stop()
    {
        await using var host = await TestHost.StartAsync();
        var intake = new EventIntake(host.Services.GetRequiredService<EventRecorder>(), NullLogger<EventIntake>.Instance);
        UsageEvent[] many = [.. Enumerable.Range(0, EventIntake.MaxWaitingEvents / 4).Select(Event)];

        // Nobody records yet.
        var waiting = Enumerable.Range(0, 4).Select(_ => intake.TrySubmit(many)!).ToArray();
        var refused = intake.TrySubmit([Event(-1)]);
        await intake.StartAsync(TestContext.Current.CancellationToken);
        await intake.StopAsync(TestContext.Current.CancellationToken);
        var results = await Task.WhenAll(waiting);

        Assert.Null(refused);
        Assert.Equal(many.Length, results.Sum(one => one.Count(result => result.Outcome == EventOutcome.Accepted)));
        Assert.Equal(3 * many.Length, results.Sum(one => one.Count(result => result.Outcome == EventOutcome.Duplicate)));
    }

    private static UsageEvent Event(int number) => new(
        $"{number}", "gateway", "prompt", "acme", Instant.FromUtc(2026, 1, 14, 10, 0), default, null, EventIdentity.Key("gateway", $"{number}"),
        EventIdentity.Payload("prompt", "acme", null, default));
}
