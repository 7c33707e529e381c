using System.Globalization;
using Spectre.Console;

namespace Metering.Demo.Story;

/// <summary>One screen at the end: what happened, and why each number is what it is.</summary>
public static class Screen
{
    private const int PlainWidth = 240;

    public static void Show(Findings findings, DemoSettings settings)
    {
        if (Console.IsOutputRedirected)
        {
            // A file has no width and no colours.
            AnsiConsole.Profile.Width = PlainWidth;
            AnsiConsole.Profile.Capabilities.Ansi = false;
        }

        Heading($"A summarization API sold in three tiers, {Day(findings.StartedAt)} to {Day(findings.EndedAt)} on the test clock");
        ShowRequests(findings);
        ShowRefusals(findings);
        ShowUsage(findings);
        ShowInvoices(findings);
        ShowLinks(findings, settings);
        ShowChecks(findings.Checks);
    }

    private static void ShowRequests(Findings findings)
    {
        Line($"{"Through nginx",-24}{"asked",8}{"200",8}{"429 rate",10}{"429 quota",11}{"quota",9}{"ledger",9}{"tokens",10}");
        foreach (var customer in findings.Cast.Everyone)
        {
            var tally = customer.Tally;
            var (spent, counted) = findings.Summaries[customer.Key];
            var (rate, quota) = (tally.RefusedFor(GatewayAnswer.RateLimited), tally.RefusedFor(GatewayAnswer.QuotaExhausted));
            Line($"{customer.Name + " (" + customer.PlanKey + ")",-24}{tally.Asked,8}{tally.Answered,8}"
                + $"{rate,10}{quota,11}{spent,9}{counted,9}{tally.Tokens,10}");
        }

        Line($"Quota and ledger are those of the first day. Free's 200s hold one more than its quota: it was answered again the day after.");
    }

    private static void ShowRefusals(Findings findings)
    {
        Heading("Why Free was refused");
        var (perMinute, perDay) = (MorningTraffic.FreePerMinute, MorningTraffic.FreePerDay);
        Refusal($"Its {perMinute + 1}th request within one minute; the plan allows {perMinute}", GatewayAnswer.RateLimited);
        Refusal($"Its {perDay + 1}st request of the day; the plan allows {perDay}", GatewayAnswer.QuotaExhausted);
        Line($"Pro went on meanwhile: {findings.ProAnsweredAfterFree} more answered. The next day Free was answered again.");

        void Refusal(string why, string reason)
        {
            if (findings.Cast.Free.Tally.FirstRefusals.TryGetValue(reason, out var answer))
            {
                Line($"{why}: {answer.Status}");
                Line("   " + string.Join("   ", answer.Headers.Select(header => $"{header.Name}: {header.Value}")));
            }
        }
    }

    private static void ShowUsage(Findings findings)
    {
        Heading("What the month came to");
        foreach (var (key, (events, tokens)) in findings.Posted)
        {
            var customer = findings.Cast.Everyone.Single(one => one.Key == key);
            Line($"{customer.Name,-14}{HandCalculation.Count(findings.Tokens[key]),15} tokens"
                + $" = {HandCalculation.Count(customer.Tally.Tokens)} through nginx"
                + $" + {HandCalculation.Count(tokens)} in {events} hourly sums, posted as a gateway's batches");
        }
    }

    private static void ShowInvoices(Findings findings)
    {
        Heading("Invoices");
        foreach (var invoice in findings.Invoices)
        {
            Line($"{invoice.Number}  {invoice.Customer.Name,-14}{HandCalculation.Amount(invoice.Total),12} USD   {invoice.PdfPath}");
            foreach (var line in invoice.Lines)
            {
                var why = WhyOf(findings, invoice.Customer, line!["meteredQuantity"] is not null);
                Line($"   {line["name"],-18}{HandCalculation.Amount(MonthEnd.AmountOf(line)),12}   {why}");
            }
        }

        Line($"{findings.Cast.Free.Name} gets none: its plan costs nothing.");
    }

    private static string WhyOf(Findings findings, DemoCustomer customer, bool isUsage) => (isUsage, customer.PlanKey) switch
    {
        (true, "pro") => "by hand: " + HandCalculation.Pro(findings.Tokens[customer.Key]).Sum,
        (true, _) => "by hand: " + HandCalculation.Enterprise(findings.Tokens[customer.Key]).Sum,
        (false, _) => "a month in advance",
    };

    private static void ShowLinks(Findings findings, DemoSettings settings)
    {
        Heading(settings.Keep ? "Look around" : "With ./metering demo --keep these stay open");
        Line($"{findings.Cast.Pro.Name}'s portal   {findings.PortalLink}");
        Line($"Usage            {new Uri(settings.HostUrl, $"/api/v1/meters/tokens/query?subject={findings.Cast.Pro.Subject}&windowSize=DAY")}");
        Line($"Invoices         {new Uri(settings.HostUrl, $"/api/v1/billing/invoices?customers={findings.Cast.Pro.Key}&expand=lines")}");
        Line($"Admin API key    {settings.AdminKeyFile}");
    }

    private static void ShowChecks(Checks checks)
    {
        if (checks.Differences.Count == 0)
        {
            AnsiConsole.MarkupLine($"[green]All {checks.Count} comparisons of these numbers agree.[/]");
            return;
        }

        AnsiConsole.MarkupLine($"[red]{checks.Differences.Count} of {checks.Count} comparisons do not agree:[/]");
        foreach (var difference in checks.Differences)
        {
            Line("   " + difference);
        }
    }

    private static void Heading(string text)
    {
        AnsiConsole.WriteLine();
        AnsiConsole.MarkupLine($"[bold]{Markup.Escape(text)}[/]");
    }

    private static void Line(string text) => AnsiConsole.WriteLine(text);

    private static string Day(DateTimeOffset instant) => instant.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);
}
