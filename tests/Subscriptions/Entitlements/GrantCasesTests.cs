using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;
using NodaTime;
using Xunit;

namespace Metering.Subscriptions.Tests.Entitlements;

/// <summary>OpenMeter's cases of burning, rolling over and resetting, told to the API step by step.</summary>
/// <remarks>
/// A step is <c>grant NAME AMOUNT [prio N] [in H] [for N UNIT] [every INTERVAL] [min N] [max N]</c>, <c>use N</c>, <c>void NAME</c>,
/// <c>reset [preserve]</c>, <c>at H</c> (hours since the beginning), <c>late N H</c> (used then, told now). The last column is what the balance
/// says at the end: balance, overage, usage of the period, what there was in all, and what is left of each grant.
/// </remarks>
public sealed class GrantCasesTests
{
    private const string Burning = """
        H1  | use 50                                                                        | 0 over 50 used 50 of 0     |
        H2  | grant a 100, use 50                                                           | 50 over 0 used 50 of 100   | a 50
        H3  | grant a 100, use 50, at 1, void a, use 50                                     | 0 over 50 used 100 of 50   |
        H5  | grant a 100, grant b 100, use 200                                             | 0 over 0 used 200 of 200   | a 0 b 0
        H6  | grant a 100 prio 1, grant b 100 prio 2, use 120                               | 80 over 0 used 120 of 200  | a 0 b 80
        H6b | grant b 100 prio 2, grant a 100 prio 1, use 120                               | 80 over 0 used 120 of 200  | b 80 a 0
        H7  | grant a 100 for 100 YEAR, grant b 100 for 30 DAY, use 120                     | 80 over 0 used 120 of 200  | a 80 b 0
        H10 | grant a 100 prio 3, grant b 100 prio 1 in 24 every P1W, use 20, at 23, use 20, at 24, use 20 | 140 over 0 used 60 of 200 | a 60 b 80
        H12 | grant a 100 prio 1 every P1D, grant b 100 prio 2 in 25, at 24, at 25, use 30, at 26, use 20 | 150 over 0 used 50 of 200 | a 50 b 100
        H13 | grant a 100 in 5, use 10                                                      | 0 over 10 used 10 of 0     |
        H13b| grant a 100 for 1 HOUR, at 1, use 10                                          | 0 over 10 used 10 of 0     |
        H18 | grant a 20 for 2 HOUR, use 10, at 2                                           | 0 over 0 used 10 of 10     |
        H19 | grant a 100 every P1D, use 100, at 24, use 90, at 48, use 80, at 72           | 100 over 0 used 270 of 370 | a 100
        H19b| grant a 100 every P1D, use 100, at 24, use 90, at 48, use 80, at 71           | 20 over 0 used 270 of 290  | a 20
        pay | use 30, grant a 100                                                           | 70 over 0 used 30 of 100   | a 70
        back| grant a 100 for 2 HOUR, at 3, grant b 50, late 60 1                           | 50 over 0 used 60 of 110   | b 50
        """;

    private const string Resetting = """
        I1  | grant a 100 max 50, use 10, at 5, reset                                       | 50 over 0 used 0 of 50     | a 50
        I2  | grant a 100 min 50 max 50, use 110, at 5, reset preserve                      | 40 over 0 used 0 of 50     | a 40
        I2b | grant a 100 min 50 max 50, use 110, at 5, reset                               | 50 over 0 used 0 of 50     | a 50
        all | grant a 100, use 10, at 5, reset                                              | 90 over 0 used 0 of 90     | a 90
        I7  | grant a 100 max 0 in 5, at 5, reset                                           | 100 over 0 used 0 of 100   | a 100
        I8  | grant a 100 for 5 HOUR, at 5, reset                                           | 0 over 0 used 0 of 0       |
        I11 | grant a 100, use 10, at 1, use 10                                             | 80 over 0 used 20 of 100   | a 80
        H20 | use 100, at 1, reset preserve, grant a 100                                    | 0 over 0 used 0 of 100     | a 0
        twice| grant a 100 max 60, at 1, reset, use 10, at 2, reset, use 5                  | 45 over 0 used 5 of 50     | a 45
        late| grant a 100 max 60, use 10, at 5, reset, late 50 1                            | 40 over 0 used 0 of 40     | a 40
        """;

    [Fact]
    public async Task Grants_burn_as_OpenMeter_burns_them() => await RunAsync(Burning);

    [Fact]
    public async Task Resets_roll_over_as_OpenMeter_rolls_them_over() => await RunAsync(Resetting);

    private static async Task RunAsync(string table)
    {
        var wrong = new StringBuilder();
        await using var host = await CreditShop.OpenAsync();
        foreach (var row in table.ReplaceLineEndings("\n").Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries)))
        {
            var actual = await TellAsync(host, row[1]);
            if (actual != $"{row[2]} | {row[3]}".TrimEnd())
            {
                wrong.AppendLine(CultureInfo.InvariantCulture, $"{row[0]}: {actual}, not {row[2]} | {row[3]}");
            }
        }

        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    /// <summary>Each case has an entitlement of its own, which begins when the one before is deleted.</summary>
    private static async Task<string> TellAsync(TestHost host, string steps)
    {
        await CreditShop.EntitledAsync(host);
        var (start, names) = (host.Now, new Dictionary<string, string>());
        foreach (var step in steps.Split(',', StringSplitOptions.TrimEntries))
        {
            var words = step.Split(' ');
            await (words[0] switch
            {
                "grant" => GrantAsync(host, start, words, names),
                "use" => CreditShop.UseAsync(host, decimal.Parse(words[1], CultureInfo.InvariantCulture)),
                "late" => CreditShop.UseAsync(
                    host, decimal.Parse(words[1], CultureInfo.InvariantCulture), After(start, words[2])),
                "void" => DeleteAsync(host, $"/api/v1/grants/{names.Single(grant => grant.Value == words[1]).Key}"),
                "reset" => CreditShop.ResetAsync(host, words.Contains("preserve") ? """{"preserveOverage":true}""" : "{}"),
                "at" => host.AdvanceToAsync(After(start, words[1])),
                _ => throw new FormatException(step),
            });
        }

        var value = await CreditShop.ValueAsync(host);
        var grants = value["grantBalances"]!.AsObject().OrderBy(grant => names.Keys.ToList().IndexOf(grant.Key))
            .Select(grant => $"{names[grant.Key]} {grant.Value}");
        var text = $"{value["balance"]} over {value["overage"]} used {value["usage"]} of {value["totalAvailableGrantAmount"]}"
            + $" | {string.Join(' ', grants)}";
        await DeleteAsync(host, "/api/v2/customers/acme/entitlements/units");
        await host.AdvanceToAsync(CreditShop.Text(host.Now + Duration.FromHours(1)));
        return text.TrimEnd();
    }

    private static async Task GrantAsync(TestHost host, Instant start, string[] words, Dictionary<string, string> names)
    {
        var fields = new JsonObject { ["maxRolloverAmount"] = null };
        for (var i = 3; i < words.Length; i += 2)
        {
            switch (words[i])
            {
                case "prio":
                    fields["priority"] = int.Parse(words[i + 1], CultureInfo.InvariantCulture);
                    break;
                case "in":
                    fields["effectiveAt"] = After(start, words[i + 1]);
                    break;
                case "for":
                    var count = int.Parse(words[i + 1], CultureInfo.InvariantCulture);
                    fields["expiration"] = new JsonObject { ["count"] = count, ["duration"] = words[i + 2] };
                    i++;
                    break;
                case "every":
                    fields["recurrence"] = new JsonObject { ["interval"] = words[i + 1] };
                    break;
                case "min":
                    fields["minRolloverAmount"] = int.Parse(words[i + 1], CultureInfo.InvariantCulture);
                    break;
                case "max":
                    fields["maxRolloverAmount"] = int.Parse(words[i + 1], CultureInfo.InvariantCulture);
                    break;
                default:
                    throw new FormatException(words[i]);
            }
        }

        var grant = await CreditShop.GrantedAsync(host, decimal.Parse(words[2], CultureInfo.InvariantCulture), fields.ToJsonString());
        names[(string)grant["id"]!] = words[1];
    }

    private static string After(Instant start, string hours) =>
        CreditShop.Text(start + Duration.FromHours(int.Parse(hours, CultureInfo.InvariantCulture)));

    private static async Task DeleteAsync(TestHost host, string path)
    {
        using var response = await host.Client.DeleteAsync(path);
        Assert.Equal(204, (int)response.StatusCode);
    }
}
