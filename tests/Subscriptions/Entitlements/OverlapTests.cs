using System.Globalization;
using System.Net.Http.Json;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Tests.Leases;
using Metering.Testing;
using NodaTime;
using Xunit;

namespace Metering.Subscriptions.Tests.Entitlements;

/// <summary>Two who entitle to one feature at a time: the sum, or a refusal, as the feature says.</summary>
public sealed class OverlapTests
{
    // claims NAME[FROM,TO) in days, "!" when it began before | who is the entitlement when | who adds to whom when
    private const string Table = """
        a[1,9)                      | a[1,9)              |
        a[1,5) b[5,9)               | a[1,5) b[5,9)       |
        a[1,5) b[3,9)               | a[1,5) b[5,9)       | b to a[3,5)
        a[1,9) b[3,5)               | a[1,9)              | b to a[3,5)
        a[1,) b[3,)                 | a[1,)               | b to a[3,)
        a[3,) b[1,)                 | b[1,)               | a to b[3,)
        a[1,5) b[1,9)               | a[1,5) b[5,9)       | b to a[1,5)
        a[3,)! b[1,9)               | a[3,) b[1,3)        | b to a[3,9)
        a[1,4) b[2,6) c[3,9)        | a[1,4) b[4,6) c[6,9)| b to a[2,4) c to a[3,4) c to b[4,6)
        """;

    [Fact]
    public void Who_begins_first_is_the_entitlement_and_the_others_add_to_it_and_follow_it()
    {
        foreach (var row in Table.ReplaceLineEndings("\n").Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries)))
        {
            var claims = row[0].Split(' ').Select(Claim).ToList();
            var (windows, additions) = FeatureWindows.Of(claims);

            Assert.Equal(
                row[1].Replace(" ", "", StringComparison.Ordinal),
                string.Concat(windows.OrderBy(window => Name(window.Claim)).Select(window => $"{Name(window.Claim)}{Span(window.From, window.To)}")));
            Assert.Equal(row[2], string.Join(' ', additions
                .OrderBy(one => Name(one.To)).ThenBy(one => Name(one.Claim))
                .Select(one => $"{Name(one.Claim)} to {Name(one.To)}{Span(one.From, one.Until)}")));
        }
    }

    [Fact]
    public async Task A_plan_adds_to_what_the_customer_has_already_and_stops_when_it_is_cancelled()
    {
        await using var host = await Shop.OpenAsync();
        await Some.CustomerAsync(host, "acme");
        var own = await CreditShop.EntitledAsync(
            host, """{"featureKey":"summarize","usagePeriod":{"interval":"MONTH"},"issue":{"amount":30,"priority":2}}""");
        var lease = await host.AskAsync((string)own["id"]!, wanted: 30, needed: 30);

        var subscription = await Some.SubscribedAsync(host, "acme", "free");

        // The plan's hundred come anew each day, the customer's own thirty each month.
        Assert.Equal(100, (await host.AskAsync((string)own["id"]!, wanted: 0)).Free);
        Assert.Equal("True 130 0 0 130", await CreditShop.ShortAsync(host, "summarize"));
        await host.ReportAsync(lease.LeaseId, 30, close: true);
        await Shop.UsedAsync(host, "acme-app", 110);
        await host.AdvanceToAsync("2026-01-16T12:00:00Z");
        Assert.Equal("True 120 110 0 230", await CreditShop.ShortAsync(host, "summarize"));

        await host.PostAsync($"/api/v1/subscriptions/{subscription["id"]}/cancel", Some.Json("""{"timing":"immediate"}"""), 200);
        Assert.Equal("True 20 110 0 130", await CreditShop.ShortAsync(host, "summarize"));
        Assert.Equal(20, (await host.AskAsync((string)own["id"]!, wanted: 0)).Free);
    }

    [Fact]
    public async Task What_the_plan_gives_goes_on_by_itself_when_the_customers_own_is_deleted()
    {
        await using var host = await Shop.OpenAsync();
        await Some.CustomerAsync(host, "acme");
        await CreditShop.EntitledAsync(host, """{"featureKey":"summarize","issue":{"amount":30}}""");
        await Some.SubscribedAsync(host, "acme", "free");
        await host.AdvanceToAsync("2026-01-15T10:00:00Z");

        using var deleted = await host.Client.DeleteAsync("/api/v2/customers/acme/entitlements/summarize");

        Assert.Equal(204, (int)deleted.StatusCode);
        var shown = await host.GetAsync("/api/v2/customers/acme/entitlements/summarize");
        Assert.Equal(("subscription", "2026-01-15T10:00:00Z"), ((string)shown["origin"]!, (string)shown["activeFrom"]!));
        Assert.Equal("True 100 0 0 100", await CreditShop.ShortAsync(host, "summarize"));
    }

    [Fact]
    public async Task A_feature_that_refuses_is_not_entitled_to_twice()
    {
        await using var host = await CreditShop.OpenAsync();
        await host.PostAsync("/api/v1/features", Some.Json("""{"key":"seat","name":"Seat","overlap":"refuse"}"""), 201);
        await Some.PublishedAsync(host, Some.Plan("team", Some.Entitled("seat", """{"type":"boolean"}""")));
        await host.PostAsync("/api/v2/customers/acme/entitlements", Some.Json("""{"type":"boolean","featureKey":"seat"}"""), 201);

        using var refused = await host.Client.PostAsJsonAsync(
            "/api/v1/subscriptions", Some.Json("""{"plan":{"key":"team"},"customerKey":"acme"}"""));

        Assert.Equal(409, (int)refused.StatusCode);
        Assert.Contains("seat", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var deleted = await host.Client.DeleteAsync("/api/v2/customers/acme/entitlements/seat");
        await Some.SubscribedAsync(host, "acme", "team");
    }

    private static FeatureClaim Claim(string text)
    {
        var ends = text.TrimEnd('!')[2..^1].Split(',');
        return new FeatureClaim(
            new Guid(text[0] - 'a' + 1, 0, 0, new byte[8]), Day(ends[0])!.Value, Day(ends[1]), text.EndsWith('!'));
    }

    private static Instant? Day(string text) =>
        text.Length == 0 ? null : Instant.FromUtc(2026, 1, int.Parse(text, CultureInfo.InvariantCulture), 0, 0);

    private static char Name(FeatureClaim claim) => (char)('a' + claim.Id.ToByteArray()[0] - 1);

    private static string Span(Instant from, Instant? to) => $"[{from.InUtc().Day},{to?.InUtc().Day})";
}
