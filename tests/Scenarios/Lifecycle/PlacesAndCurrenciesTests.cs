using Metering.Testing;
using Xunit;

namespace Metering.Scenarios.Lifecycle;

/// <summary>Where the customer lives and what it pays with.</summary>
public sealed class PlacesAndCurrenciesTests
{
    [Fact]
    public async Task A_customer_who_moves_is_billed_without_gap_and_overlap_from_the_next_period_on_in_the_new_zone()
    {
        await using var story = await LifecycleStory.BeginAsync("2026-02-28T23:00:00Z");
        await story.SellAsync("pro", "31", "0.01");
        await story.SignUpAsync("acme", "pro", "Europe/Berlin");
        await story.AdvanceToAsync("2026-04-10T00:00:00Z");
        await story.UseAsync("acme", "2026-04-10T00:00:00Z", 100);
        await story.MoveAsync("acme", "Asia/Tokyo");
        await story.UseAsync("acme", "2026-04-30T21:59:59Z", 100);
        await story.AdvanceToAsync("2026-05-01T00:00:00Z");
        await story.UseAsync("acme", "2026-04-30T22:00:00Z", 100);
        await story.AdvanceToAsync("2026-07-15T00:00:00Z");
        await story.MoveAsync("acme", "America/New_York");
        await story.AdvanceToAsync("2026-09-15T00:00:00Z");

        Golden.Matches(await story.InvoicesAsync("acme"), "zone-change.txt");
    }

    [Theory]
    [InlineData("JPY", "3100", "0.5", "4650")]
    [InlineData("KWD", "31", "0.0125", "46.575")]
    public async Task Other_currencies_are_billed_and_credited_in_their_own_minor_units(string currency, string fee, string perToken, string more)
    {
        await using var story = await LifecycleStory.BeginAsync();
        await story.SellAsync("pro", fee, perToken, currency);
        await story.SellAsync("max", more, perToken, currency);
        var pro = await story.SignUpAsync("acme", "pro");
        await story.UseAsync("acme", "2026-01-03T00:00:00Z", 333);
        await story.AdvanceToAsync("2026-01-11T07:00:01Z");
        await story.DoAsync(pro, "change", """{"timing":"immediate","plan":{"key":"max"}}""");
        await story.UseAsync("acme", "2026-01-20T00:00:00Z", 77);
        await story.AdvanceToAsync("2026-02-01T00:00:00Z");

        Assert.Equal(currency, (string?)(await story.Host.GetAsync("/api/v1/customers/acme"))["currency"]);
        Golden.Matches(await story.InvoicesAsync("acme"), $"{currency.ToLowerInvariant()}.txt");
    }
}
