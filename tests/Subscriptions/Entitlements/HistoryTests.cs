using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Metering.Testing;
using NodaTime;
using NodaTime.Text;
using Npgsql;
using Xunit;

namespace Metering.Subscriptions.Tests.Entitlements;

/// <summary>How a balance came about, and that everything that was granted went somewhere.</summary>
public sealed class HistoryTests
{
    [Fact]
    public async Task Segments_tell_what_each_grant_covered_and_windows_what_they_began_with()
    {
        await using var host = await CreditShop.OpenAsync();
        await CreditShop.EntitledAsync(host);
        var first = (string)(await CreditShop.GrantedAsync(host, 10, """{"priority":1,"expiration":{"duration":"HOUR","count":30}}"""))["id"]!;
        var second = (string)(await CreditShop.GrantedAsync(host, 20, """{"priority":2}"""))["id"]!;
        await CreditShop.UseAsync(host, 4, "2026-01-01T01:00:00Z");
        await CreditShop.UseAsync(host, 3, "2026-01-02T05:00:00Z");
        await CreditShop.UseAsync(host, 25, "2026-01-02T07:00:00Z");
        await host.AdvanceToAsync("2026-01-03T00:00:00Z");

        var history = await host.GetAsync("/api/v2/customers/acme/entitlements/units/history?windowSize=DAY");

        Assert.Equal(
            [
                $"2026-01-01T00:00:00Z 7 over 0: {first} 10 -> 3, {second} 20 -> 20, used {first} 7",
                $"2026-01-02T06:00:00Z 25 over 5: {second} 20 -> 0, used {second} 20",
            ],
            history["burndownHistory"]!.AsArray().Select(segment => Line(segment!, first)));
        Assert.Equal(
            ["2026-01-01T00:00:00Z 4 of 30", "2026-01-02T00:00:00Z 28 of 26"],
            history["windowedHistory"]!.AsArray().Select(one => $"{one!["period"]!["from"]} {one["usage"]} of {one["balanceAtStart"]}"));

        static string Line(JsonNode segment, string shownFirst) =>
            $"{segment["period"]!["from"]} {segment["usage"]} over {segment["overage"]}: "
            + string.Join(", ", segment["grantBalancesAtStart"]!.AsObject().OrderBy(grant => grant.Key != shownFirst).Select(grant =>
                $"{grant.Key} {grant.Value} -> {segment["grantBalancesAtEnd"]![grant.Key]}"))
            + $", used {string.Join(' ', segment["grantUsages"]!.AsArray().Select(one => $"{one!["grantId"]} {one["usage"]}"))}";
    }

    [Fact]
    public async Task A_reading_keeps_the_state_and_late_usage_forgets_it()
    {
        await using var host = await CreditShop.OpenAsync();
        await CreditShop.EntitledAsync(host, """{"usagePeriod":{"interval":"DAY"}}""");
        await CreditShop.GrantedAsync(host, 100);
        await CreditShop.UseAsync(host, 5);
        await host.AdvanceToAsync("2026-01-04T12:00:00Z");
        Assert.Equal(0, await SnapshotsAsync(host));

        Assert.Equal("True 95 0 0 95", await CreditShop.ShortAsync(host));
        Assert.Equal(1, await SnapshotsAsync(host));
        await CreditShop.UseAsync(host, 7, "2026-01-04T10:00:00Z");
        Assert.Equal(1, await SnapshotsAsync(host));
        Assert.Equal("True 88 7 0 95", await CreditShop.ShortAsync(host));

        await CreditShop.UseAsync(host, 11, "2026-01-02T10:00:00Z");
        Assert.Equal(0, await SnapshotsAsync(host));
        Assert.Equal("True 77 7 0 84", await CreditShop.ShortAsync(host));
        Assert.Equal("True 84 11 0 95", await CreditShop.ShortAsync(host, time: "2026-01-02T23:00:00Z"));
    }

    /// <summary>Granted = used + expired + voided + balance, and used = covered + owed, told by the API alone.</summary>
    [Fact]
    public async Task Everything_granted_was_used_or_expired_or_voided_or_is_left()
    {
        await using var host = await CreditShop.OpenAsync();
        Prop.ForAll<int[]>(steps => RunAsync(host, steps).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(12).WithEndSize(14));
    }

    private static async Task<bool> RunAsync(TestHost host, int[] steps)
    {
        await CreditShop.EntitledAsync(host);
        var (start, ids) = (host.Now, new List<string>());
        foreach (var step in steps.Select(step => unchecked((uint)step)))
        {
            var amount = (step / 8 % 50) + 1;
            switch (step % 8)
            {
                case 0 or 1 or 2:
                    var expiration = step % 3 == 0 ? $$$""","expiration":{"duration":"HOUR","count":{{{(step / 64 % 9) + 1}}}}""" : "";
                    var grant = await CreditShop.GrantedAsync(host, amount, $$$"""{"priority":{{{(step / 32 % 3) + 1}}}{{{expiration}}}}""");
                    ids.Add((string)grant["id"]!);
                    break;
                case 3 when ids.Count > 0:
                    using (await host.Client.DeleteAsync($"/api/v1/grants/{ids[(int)(amount % ids.Count)]}"))
                    {
                    }

                    break;
                case 4 or 5:
                    await host.AdvanceToAsync(CreditShop.Text(host.Now + Duration.FromHours((step / 16 % 4) + 1)));
                    break;
                default:
                    await CreditShop.UseAsync(host, amount);
                    break;
            }
        }

        await host.AdvanceToAsync(CreditShop.Text(host.Now + Duration.FromHours(1)));
        await AssertConservedAsync(host, start);
        using var deleted = await host.Client.DeleteAsync("/api/v2/customers/acme/entitlements/units");
        await host.AdvanceToAsync(CreditShop.Text(host.Now + Duration.FromHours(1)));
        return true;
    }

    private static async Task AssertConservedAsync(TestHost host, Instant start)
    {
        var value = await CreditShop.ValueAsync(host);
        var grants = (await host.GetAsync("/api/v2/customers/acme/entitlements/units/grants?includeDeleted=true"))["items"]!.AsArray();
        var segments = (await host.GetAsync(
            $"/api/v2/customers/acme/entitlements/units/history?windowSize=HOUR&from={CreditShop.Text(start)}"))["burndownHistory"]!.AsArray();
        var (granted, used, ended) = (0m, 0m, 0m);
        foreach (var grant in grants)
        {
            var id = (string)grant!["id"]!;
            var mine = segments.Where(segment => segment!["grantBalancesAtStart"]![id] is not null).ToList();
            if (mine.Count == 0)
            {
                continue;
            }

            // What it held less than its amount when it began had paid what was owed.
            granted += (decimal)grant["amount"]!;
            used += (decimal)grant["amount"]! - (decimal)mine[0]!["grantBalancesAtStart"]![id]!;
            used += mine.SelectMany(segment => segment!["grantUsages"]!.AsArray())
                .Where(one => (string)one!["grantId"]! == id).Sum(one => (decimal)one!["usage"]!);
            var left = (decimal)mine[^1]!["grantBalancesAtEnd"]![id]!;
            var over = EndOf(grant) is { } end && end <= host.Now;
            ended += over ? left : 0m;
            Assert.Equal(over ? null : left, (decimal?)value["grantBalances"]![id]);
        }

        Assert.Equal(granted, used + ended + (decimal)value["balance"]!);
        Assert.Equal((decimal)value["usage"]!, used + (decimal)value["overage"]!);
        Assert.Equal((decimal)value["usage"]!, segments.Sum(segment => (decimal)segment!["usage"]!));
    }

    private static Instant? EndOf(JsonNode grant) =>
        ((string?)grant["voidedAt"] ?? (string?)grant["expiresAt"]) is { } text ? InstantPattern.ExtendedIso.Parse(text).Value : null;

    private static async Task<long> SnapshotsAsync(TestHost host)
    {
        await using var source = NpgsqlDataSource.Create(host.ConnectionString);
        await using var command = source.CreateCommand("select count(*) from subscriptions.balance_snapshot where state is not null");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
