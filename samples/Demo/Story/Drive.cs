using System.Text.Json.Nodes;

namespace Metering.Demo.Story;

/// <summary>The story from a price list to an invoice, told against the running product. It checks every number it tells.</summary>
public sealed class Drive : IDisposable
{
    private const long ProTokens = 62_345_678;
    private const long EnterpriseTokens = 1_234_567_890;

    private readonly DemoSettings settings;
    private readonly HostApi api;
    private readonly StoryClock clock;
    private readonly Ledger ledger;
    private readonly SidecarProbe sidecar;
    private readonly GatewayClient gateway;

    private Drive(DemoSettings settings)
    {
        this.settings = settings;
        api = new HostApi(settings.HostUrl, settings.ReadAdminKey());
        clock = new StoryClock(api);
        ledger = new Ledger(api);
        sidecar = new SidecarProbe(settings.SidecarUrl);
        gateway = new GatewayClient(settings.GatewayUrl);
    }

    /// <returns>0 when all numbers agree, 1 when some do not.</returns>
    public static async Task<int> RunAsync(DemoSettings settings, CancellationToken cancellationToken)
    {
        using var drive = new Drive(settings);
        var findings = await drive.TellAsync(cancellationToken);
        Screen.Show(findings, settings);
        return findings.Checks.Differences.Count == 0 ? 0 : 1;
    }

    public void Dispose()
    {
        api.Dispose();
        sidecar.Dispose();
        gateway.Dispose();
    }

    private async Task<Findings> TellAsync(CancellationToken cancellationToken)
    {
        await Progress.RunAsync("Publish meters, features and plans", Catalog.Steps, step => new Catalog(api).PublishAsync(step, cancellationToken));
        var findings = new Findings(await SignUpAsync(cancellationToken), new Checks()) { StartedAt = await clock.NowAsync(cancellationToken) };
        await MorningAsync(findings, cancellationToken);
        await NextDayAsync(findings, cancellationToken);
        await RestOfTheMonthAsync(findings, cancellationToken);
        await BillAsync(findings, cancellationToken);
        return findings;
    }

    private async Task<Cast> SignUpAsync(CancellationToken cancellationToken)
    {
        var signUp = new SignUp(api);
        var cast = new Cast(
            await signUp.CustomerAsync("tiny-notes", "Tiny Notes", "free", cancellationToken),
            await signUp.CustomerAsync("summit-media", "Summit Media", "pro", cancellationToken),
            await signUp.CustomerAsync("globex", "Globex", "enterprise", cancellationToken));
        await sidecar.WaitUntilKnownAsync(cast.Enterprise, cancellationToken);
        return cast;
    }

    /// <summary>Three counts of the same morning have to agree: the callers', the quota's and the ledger's.</summary>
    private async Task MorningAsync(Findings findings, CancellationToken cancellationToken)
    {
        var traffic = new MorningTraffic(gateway, clock, findings.Cast);
        await Progress.RunAsync(
            $"Drive {MorningTraffic.Minutes} minutes of traffic through nginx",
            MorningTraffic.Minutes,
            step => traffic.RunAsync(step, cancellationToken));
        findings.ProAnsweredAfterFree = traffic.ProAnsweredAfterFree;
        foreach (var customer in findings.Cast.Everyone)
        {
            var tally = customer.Tally;
            var counted = await ledger.SumOnceArrivedAsync("requests", customer, tally.Answered, cancellationToken);
            var spent = await ledger.QuotaUsedAsync(customer, cancellationToken);
            findings.Summaries[customer.Key] = (spent, counted);
            findings.Checks.Equal($"{customer.Name}: events in the ledger against 200s seen", (long)tally.Answered, counted);
            findings.Checks.Equal($"{customer.Name}: the quota used up against 200s seen", (long)tally.Answered, spent);
            var tokens = await ledger.SumAsync("tokens", customer, cancellationToken);
            findings.Checks.Equal($"{customer.Name}: tokens in the ledger against the models' own", tally.Tokens, tokens);
        }

        var free = findings.Cast.Free.Tally;
        findings.Checks.Equal("Free: answered on its first day", MorningTraffic.FreePerDay, free.Answered);
        findings.Checks.Equal("Free: refused for its rate", 1, free.RefusedFor(GatewayAnswer.RateLimited));
        findings.Checks.Equal("Free: refused for its quota", 2, free.RefusedFor(GatewayAnswer.QuotaExhausted));
        findings.Checks.Equal("Pro: refused", 0, findings.Cast.Pro.Tally.Asked - findings.Cast.Pro.Tally.Answered);
        findings.Checks.Equal("Enterprise: refused", 0, findings.Cast.Enterprise.Tally.Asked - findings.Cast.Enterprise.Tally.Answered);
    }

    /// <summary>A day later Free's quota is new; one request shows it.</summary>
    private async Task NextDayAsync(Findings findings, CancellationToken cancellationToken)
    {
        await clock.AdvanceToAsync(findings.StartedAt.AddDays(1), cancellationToken);
        var free = findings.Cast.Free;
        free.Tally.Count(await gateway.AskAsync(free.ApiKey, "Good morning.", 20, cancellationToken));
        findings.Checks.Equal("Free: answered again on its second day", MorningTraffic.FreePerDay + 1, free.Tally.Answered);
    }

    private async Task RestOfTheMonthAsync(Findings findings, CancellationToken cancellationToken)
    {
        var (pro, enterprise) = (findings.Cast.Pro, findings.Cast.Enterprise);
        var from = findings.StartedAt.AddDays(1);
        var to = findings.StartedAt.AddMonths(1).AddHours(-1);
        await Progress.RunAsync("Post the rest of the month as hourly sums", 2, async step =>
        {
            await clock.AdvanceToAsync(to, cancellationToken);
            foreach (var (customer, tokens) in new[] { (pro, ProTokens), (enterprise, EnterpriseTokens) })
            {
                findings.Posted[customer.Key] = (await new RestOfTheMonth(api).PostAsync(customer, tokens, from, to, cancellationToken), tokens);
                step();
            }
        });
        foreach (var customer in findings.Cast.Everyone)
        {
            var expected = customer.Tally.Tokens + findings.Posted.GetValueOrDefault(customer.Key).Tokens;
            findings.Tokens[customer.Key] = await ledger.SumOnceArrivedAsync("tokens", customer, expected, cancellationToken);
            findings.Checks.Equal($"{customer.Name}: tokens of the month", expected, findings.Tokens[customer.Key]);
        }
    }

    private async Task BillAsync(Findings findings, CancellationToken cancellationToken)
    {
        var monthEnd = new MonthEnd(api, settings.DataDirectory);
        await Progress.RunAsync("Close the month and print the invoices", findings.Cast.Everyone.Count, async step =>
        {
            findings.EndedAt = findings.StartedAt.AddMonths(1).AddDays(1);
            await clock.AdvanceToAsync(findings.EndedAt, cancellationToken);
            foreach (var customer in findings.Cast.Everyone)
            {
                findings.Invoices.AddRange(await monthEnd.InvoicesOfAsync(customer, cancellationToken));
                step();
            }
        });
        CheckInvoices(findings);
        var token = await api.PostAsync("/api/v1/portal/tokens", new JsonObject { ["customerKey"] = findings.Cast.Pro.Key }, cancellationToken);
        findings.PortalLink = new Uri(token["url"]!.GetValue<string>());
    }

    /// <summary>Fees are billed in advance, usage afterwards: Pro's first invoice is the fee alone, its second the usage and the next fee.</summary>
    private static void CheckInvoices(Findings findings)
    {
        var (free, pro, enterprise) = (findings.Cast.Free, findings.Cast.Pro, findings.Cast.Enterprise);
        findings.Checks.Equal("Free: invoices", "", TotalsOf(free));
        var secondOfPro = HandCalculation.ProFee + HandCalculation.Pro(findings.Tokens[pro.Key]).Total;
        findings.Checks.Equal("Pro: invoice totals", $"{HandCalculation.ProFee:0.00} {secondOfPro:0.00}", TotalsOf(pro));
        findings.Checks.Equal(
            "Enterprise: invoice totals", $"{HandCalculation.Enterprise(findings.Tokens[enterprise.Key]).Total:0.00}", TotalsOf(enterprise));

        string TotalsOf(DemoCustomer customer) =>
            string.Join(' ', findings.Invoices.Where(invoice => invoice.Customer == customer).Select(invoice => $"{invoice.Total:0.00}"));
    }
}
