using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Entitlements;

/// <summary>Every row spoils one thing of a good request; the answer names it.</summary>
public sealed class EntitlementBadInputTests
{
    // what | field = spoiled value (or: field - to leave it out) | status | pointer | code
    private const string Bodies = """
        metered | /type -                                              | 400 | /type | required
        metered | /type = "unlimited"                                  | 400 | /type | unknown_entitlement_type
        metered | /featureKey -                                        | 400 | /featureKey | required
        metered | /featureKey = "nothing"                              | 400 | /featureKey | unknown_feature
        metered | /featureKey = "sso"                                  | 400 | /featureKey | feature_without_meter
        metered | /featureId = "01HZZZZZZZZZZZZZZZZZZZZZZZ"            | 400 | /featureId | unknown_feature
        metered | /usagePeriod -                                       | 400 | /usagePeriod | required
        metered | /usagePeriod/interval -                              | 400 | /usagePeriod/interval | required
        metered | /usagePeriod/interval = "FORTNIGHT"                  | 400 | /usagePeriod/interval | invalid_duration
        metered | /usagePeriod/interval = "P1M15D"                     | 400 | /usagePeriod/interval | invalid_duration
        metered | /usagePeriod/interval = "P101Y"                      | 400 | /usagePeriod/interval | invalid_duration
        metered | /usagePeriod/anchor = "someday"                      | 400 | /usagePeriod/anchor | invalid_json
        metered | /measureUsageFrom = "YESTERDAY"                      | 400 | /measureUsageFrom | invalid_time
        metered | /measureUsageFrom = "2099-01-01T00:00:00Z"           | 400 | /measureUsageFrom | time_in_the_future
        metered | /measureUsageFrom = "0500-01-01T00:00:00Z"           | 400 | /measureUsageFrom | out_of_range
        metered | /isSoftLimit = "no"                                  | 400 | /isSoftLimit | invalid_json
        metered | /isUnlimited = true                                  | 400 | /isUnlimited | not_supported
        metered | /issue = {"amount":-1}                               | 400 | /issue/amount | out_of_range
        metered | /issue = {"amount":1e16}                             | 400 | /issue/amount | out_of_range
        metered | /issue = {"amount":1,"priority":256}                 | 400 | /issue/priority | out_of_range
        metered | /issue = {"priority":1}                              | 400 | /issue/amount | required
        metered | /issueAfterReset = 0.0000000000001                   | 400 | /issueAfterReset | out_of_range
        metered | /issueAfterResetPriority = 0                         | 400 | /issueAfterResetPriority | out_of_range
        metered | /config = "{}"                                       | 400 | /config | not_allowed
        metered | /grants = [{"amount":1}]                             | 400 | /grants/0/effectiveAt | required
        metered | /grants = [null]                                     | 400 | /grants/0 | required
        metered | /grants = [{"amount":-1,"effectiveAt":"2026-01-15T09:00:00Z"}] | 400 | /grants/0/amount | out_of_range
        metered | /grants = [{"amount":1,"effectiveAt":"2025-01-15T09:00:00Z"}] | 400 | /grants/0/effectiveAt | before_usage_period
        metered | /rateLimits = [{"limit":1,"per":"P1M"}]              | 400 | /rateLimits/0/per | invalid_duration
        metered | /rateLimits = [null]                                 | 400 | /rateLimits/0 | required
        metered | /requestLimits = {"concurrency":{"limit":100001}}    | 400 | /requestLimits/concurrency/limit | out_of_range
        metered | /requestLimits = {"bodySize":{"maxBytes":9}}         | 400 | /requestLimits/bodySize/whenUnknown | required
        static  | /requestLimits = {}                                  | 400 | /requestLimits | not_allowed
        static  | /rateLimits = []                                     | 400 | /rateLimits | not_allowed
        metered | /metadata = {"k":1}                                  | 400 | /metadata/k | invalid_json
        metered | /colour = "red"                                      | 400 | /colour | invalid_json
        metered | /featureKey = "taken"                                | 409 | /featureKey | entitlement_exists
        static  | /config -                                            | 400 | /config | invalid_json
        static  | /config = "{"                                        | 400 | /config | invalid_json
        static  | /isSoftLimit = true                                  | 400 | /isSoftLimit | not_allowed
        static  | /measureUsageFrom = "NOW"                            | 400 | /measureUsageFrom | not_allowed
        grant   | /amount -                                            | 400 | /amount | required
        grant   | /amount = "ten"                                      | 400 | /amount | invalid_json
        grant   | /amount = -0.5                                       | 400 | /amount | out_of_range
        grant   | /effectiveAt -                                       | 400 | /effectiveAt | required
        grant   | /effectiveAt = "2026-01-15"                          | 400 | /effectiveAt | invalid_json
        grant   | /effectiveAt = "2026-01-14T09:00:00Z"                | 400 | /effectiveAt | before_usage_period
        grant   | /effectiveAt = "8000-01-01T00:00:00Z"                | 400 | /effectiveAt | out_of_range
        grant   | /priority = 0                                        | 400 | /priority | out_of_range
        grant   | /expiration = {"duration":"DECADE","count":1}        | 400 | /expiration/duration | unknown_duration
        grant   | /expiration = {"duration":"DAY","count":0}           | 400 | /expiration/count | out_of_range
        grant   | /expiration = {"duration":"DAY"}                     | 400 | /expiration/count | required
        grant   | /minRolloverAmount = -1                              | 400 | /minRolloverAmount | out_of_range
        grant   | /maxRolloverAmount = 1e20                            | 400 | /maxRolloverAmount | out_of_range
        grant   | /recurrence = {"interval":"P0D"}                     | 400 | /recurrence/interval | invalid_duration
        grant   | /annotations = [1]                                   | 400 | /annotations | invalid_json
        reset   | /effectiveAt = "2099-01-01T00:00:00Z"                | 400 | /effectiveAt | time_in_the_future
        reset   | /effectiveAt = "2026-01-15T08:59:59Z"                | 400 | /effectiveAt | before_measurement
        reset   | /effectiveAt = "2026-01-15T09:00:00Z"                | 400 | /effectiveAt | at_last_reset
        reset   | /retainAnchor = "yes"                                | 400 | /retainAnchor | invalid_json
        access  | /customer -                                          | 400 | /customer | required
        access  | /customer/keys = []                                  | 400 | /customer/keys | out_of_range
        access  | /customer/keys/0 = ""                                | 400 | /customer/keys/0 | out_of_range
        access  | /feature = {"keys":[]}                               | 400 | /feature/keys | out_of_range
        access  | /include_credits = "yes"                             | 400 | /include_credits | invalid_json
        """;

    // method and path | status | pointer | code
    private const string Paths = """
        GET /api/v2/customers/nobody/entitlements                                       | 404 |  |
        GET /api/v2/customers/acme/entitlements?orderBy=name                            | 400 | ?orderBy | unknown_field
        GET /api/v2/customers/acme/entitlements?order=UP                                | 400 | ?order | unknown_order
        GET /api/v2/customers/acme/entitlements?pageSize=0                              | 400 | ?pageSize | out_of_range
        GET /api/v2/customers/acme/entitlements?limit=1001                              | 400 | ?limit | out_of_range
        GET /api/v2/customers/acme/entitlements?offset=-1                               | 400 | ?offset | out_of_range
        GET /api/v2/customers/acme/entitlements/nothing                                 | 404 |  |
        GET /api/v2/customers/acme/entitlements/nothing/value                           | 404 |  |
        GET /api/v2/customers/acme/entitlements/taken/value?time=now                    | 400 | ?time | invalid_time
        GET /api/v2/customers/acme/entitlements/taken/history                           | 400 | ?windowSize | required
        GET /api/v2/customers/acme/entitlements/taken/history?windowSize=WEEK           | 400 | ?windowSize | unknown_window
        GET /api/v2/customers/acme/entitlements/taken/history?windowSize=DAY&from=x     | 400 | ?from | invalid_time
        GET /api/v2/customers/acme/entitlements/taken/history?windowSize=DAY&windowTimeZone=Mars | 400 | ?windowTimeZone | unknown_time_zone
        GET /api/v2/customers/acme/entitlements/taken/history?windowSize=DAY&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z|400|?to|out_of_range
        GET /api/v2/customers/acme/entitlements/taken/history?windowSize=MINUTE&to=2027-01-01T00:00:00Z | 400 | ?windowSize | too_fine
        GET /api/v2/entitlements?entitlementType=magic                                  | 400 | ?entitlementType | unknown_entitlement_type
        GET /api/v2/entitlements/01HZZZZZZZZZZZZZZZZZZZZZZZ                             | 404 |  |
        GET /api/v1/entitlements/short                                                  | 404 |  |
        GET /api/v1/subjects/nobody/entitlements                                        | 404 |  |
        GET /api/v2/grants?pageSize=9999                                                | 400 | ?pageSize | out_of_range
        DELETE /api/v1/grants/01HZZZZZZZZZZZZZZZZZZZZZZZ                                | 404 |  |
        DELETE /api/v2/customers/acme/entitlements/nothing                              | 404 |  |
        GET /api/v3/openmeter/customers/acme/entitlement-access                         | 404 |  |
        """;

    private static readonly Dictionary<string, (string Path, string Body)> Good = new()
    {
        ["metered"] = ("/api/v2/customers/acme/entitlements", """
            {"type":"metered","featureKey":"units","usagePeriod":{"interval":"MONTH"},"measureUsageFrom":"NOW"}
            """),
        ["static"] = ("/api/v2/customers/acme/entitlements", """{"type":"static","featureKey":"sso","config":"{\"seats\":5}"}"""),
        ["grant"] = ("/api/v2/customers/acme/entitlements/taken/grants", """{"amount":10,"effectiveAt":"2026-01-15T10:00:00Z"}"""),
        ["reset"] = ("/api/v2/customers/acme/entitlements/taken/reset", """{"retainAnchor":true}"""),
        ["access"] = ("/api/v3/openmeter/entitlement-access/query", """{"customer":{"keys":["acme"]}}"""),
    };

    [Fact]
    public async Task Every_spoiled_field_is_named()
    {
        await using var host = await OpenAsync();
        var wrong = new StringBuilder();
        foreach (var row in Rows(Bodies))
        {
            var (path, body) = Good[row[0]];
            using var response = await host.Client.PostAsJsonAsync(path, Spoiling.Spoil(JsonNode.Parse(body)!, row[1]));
            await JudgeAsync(response, $"{row[0]} {row[1]}", $"{row[2]} | {row[3]} | {row[4]}", wrong);
        }

        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    [Fact]
    public async Task Every_spoiled_path_is_named()
    {
        await using var host = await OpenAsync();
        var wrong = new StringBuilder();
        foreach (var row in Rows(Paths))
        {
            var words = row[0].Split(' ');
            using var request = new HttpRequestMessage(new HttpMethod(words[0]), words[1]);
            using var response = await host.Client.SendAsync(request);
            await JudgeAsync(response, row[0], $"{row[1]} | {row[2]} | {row[3]}", wrong);
        }

        foreach (var (page, pointer) in new[] { ("size%5D=0", "?page[size]"), ("after%5D=x", "?page[after]"), ("before%5D=x", "?page[before]") })
        {
            using var response = await host.Client.PostAsJsonAsync($"{Good["access"].Path}?page%5B{page}", JsonNode.Parse(Good["access"].Body));
            var code = page.StartsWith("size", StringComparison.Ordinal) ? "out_of_range" : "invalid_cursor";
            await JudgeAsync(response, page, $"400 | {pointer} | {code}", wrong);
        }

        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    [Fact]
    public async Task Each_request_is_good_before_it_is_spoiled()
    {
        await using var host = await OpenAsync();
        foreach (var (path, body) in Good.Values)
        {
            await host.PostAsync(path, JsonNode.Parse(body)!);
        }
    }

    [Fact]
    public async Task What_is_not_metered_has_no_grants_and_no_resets()
    {
        await using var host = await OpenAsync();
        await host.PostAsync(Good["static"].Path, JsonNode.Parse(Good["static"].Body)!, 201);

        await CreditShop.GrantedAsync(host, 5, featureKey: "sso", expectedStatus: 409);
        await host.PostAsync("/api/v2/customers/acme/entitlements/sso/reset", new JsonObject(), 409);
        await host.GetAsync("/api/v2/customers/acme/entitlements/sso/history?windowSize=DAY", 400);
    }

    private static async Task<TestHost> OpenAsync()
    {
        var host = await CreditShop.OpenAsync("2026-01-15T09:00:00Z");
        await Some.FeatureAsync(host, "sso");
        await Some.FeatureAsync(host, "taken", "units");
        await CreditShop.EntitledAsync(host, """{"featureKey":"taken"}""");
        await host.AdvanceToAsync("2026-01-15T10:00:00Z");
        return host;
    }

    private static IEnumerable<string[]> Rows(string table) =>
        table.ReplaceLineEndings("\n").Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries));

    private static async Task JudgeAsync(HttpResponseMessage response, string what, string expected, StringBuilder wrong)
    {
        var answer = await response.Content.ReadAsStringAsync();
        var error = (int)response.StatusCode < 400 ? null : JsonNode.Parse(answer)!["errors"]?[0];
        var actual = $"{(int)response.StatusCode} | {(string?)error?["pointer"]} | {(string?)error?["code"]}";
        if (actual != expected || response.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            wrong.AppendLine($"{what}: {actual} — {answer}");
        }
    }
}
