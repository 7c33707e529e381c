using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests;

/// <summary>Every row spoils one field of a good request; the answer names it.</summary>
public sealed class BadInputTests
{
    // # stands for /phases/0/rateCards/, ~ for #2/entitlementTemplate/requestLimits.
    // what | field = spoiled value (or: field - to leave it out) | status | pointer | code
    private const string Table = """
        plan     | /key = "Pro Plan"                                             | 400 | /key | invalid_key
        plan     | /key = "a__b"                                                 | 400 | /key | invalid_key
        plan     | /key = 7                                                      | 400 | /key | invalid_json
        plan     | /name = ""                                                    | 400 | /name | out_of_range
        plan     | /name -                                                       | 400 | /name | required
        plan     | /name = null                                                  | 400 | /name | required
        plan     | /name = "a\u0000"                                             | 400 | /name | invalid_json
        plan     | /currency = "XAU"                                             | 400 | /currency | unknown_currency
        plan     | /billingCadence = "P1M15D"                                    | 400 | /billingCadence | invalid_duration
        plan     | /billingCadence = "monthly"                                   | 400 | /billingCadence | invalid_duration
        plan     | /billingCadence = "PT5M"                                      | 400 | /billingCadence | out_of_range
        plan     | /settlementMode = "credit_only"                               | 400 | /settlementMode | not_supported
        plan     | /proRatingConfig = {"enabled":true,"mode":"never"}            | 400 | /proRatingConfig/mode | unknown_mode
        plan     | /colour = "red"                                               | 400 | /colour | invalid_json
        plan     | /metadata = {"k":1}                                           | 400 | /metadata/k | invalid_json
        plan     | /phases = []                                                  | 400 | /phases | out_of_range
        plan     | /phases = [null]                                              | 400 | /phases/0 | required
        plan     | /phases/0/duration = "P1M"                                    | 400 | /phases/0/duration | last_phase_not_open
        plan     | /phases/0/duration -                                          | 400 | /phases/0/duration | required
        plan     | /phases/0/key = "UPPER"                                       | 400 | /phases/0/key | invalid_key
        plan     | #0/type = "magic"                          | 400 | #0/type | unknown_rate_card_type
        plan     | #0/billingCadence = "P0M"                  | 400 | #0/billingCadence | invalid_duration
        plan     | #0/price/amount = "1e3"                    | 400 | #0/price/amount | invalid_json
        plan     | #0/price/amount = "-1"                     | 400 | #0/price/amount | negative
        plan     | #0/price/amount = "9999999999999999"       | 400 | #0/price/amount | too_large
        plan     | #0/price/amount -                          | 400 | #0/price/amount | required
        plan     | #0/price/paymentTerm = "later"             | 400 | #0/price/paymentTerm | unknown_payment_term
        plan     | #0/price/quantityPerPackage = "5"          | 400 | #0/price/quantityPerPackage | not_allowed
        plan     | #0/price = {"type":"unit","amount":"1"}    | 400 | #0/price/type | not_allowed
        plan     | #0/price/type = "magic"                    | 400 | #0/price/type | unknown_price_type
        plan     | #0/discounts = {"usage":{"quantity":"5"}}  | 400 | #0/discounts/usage | not_allowed
        plan     | #0/discounts = {"percentage":{"percentage":101}} | 400 | #0/discounts/percentage/percentage | not_a_percentage
        plan     | #0/taxConfig = {"behavior":"maybe"}        | 400 | #0/taxConfig/behavior | unknown_behavior
        plan     | #0/taxConfig = {"taxCodeId":"vat"}         | 400 | #0/taxConfig/taxCodeId | invalid_id
        plan     | #0/taxConfig = {"stripe":{"code":""}}      | 400 | #0/taxConfig/stripe/code | out_of_range
        plan     | #1/key = "platform"                        | 400 | #1/key | duplicate
        plan     | #1/featureKey = "nothing"                  | 400 | #1/featureKey | unknown_feature
        plan     | #1/featureKey -                            | 400 | #1/featureKey | required
        plan     | #1/featureKey = "advanced-reasoning"       | 400 | #1/featureKey | feature_without_meter
        plan     | #1/billingCadence = null                   | 400 | #1/billingCadence | required
        plan     | #1/price/mode = "stairs"                   | 400 | #1/price/mode | unknown_mode
        plan     | #1/price/tiers/0/unitPrice/amount = "-0.1" | 400 | #1/price/tiers/0/unitPrice/amount | negative
        plan     | #1/price/tiers/0/unitPrice/type = "flat"   | 400 | #1/price/tiers/0/unitPrice/type | unknown_price_type
        plan     | #1/price/tiers/0/unitPrice = null          | 400 | #1/price/tiers/0 | required
        plan     | #1/price/amount = "1"                      | 400 | #1/price/amount | not_allowed
        plan     | #1/price/firstTier = "later" | 400 | #1/price/firstTier | unknown_first_tier
        plan     | #1/unitConfig = {"operation":"add","conversionFactor":"5"} | 400 | #1/unitConfig/operation | unknown_operation
        plan     | #1/unitConfig = {"operation":"divide","conversionFactor":"0"} | 400 | #1/unitConfig/conversionFactor | not_positive
        plan     | #1/unitConfig = {"operation":"divide","conversionFactor":"10","rounding":"up"} | 400 | #1/unitConfig/rounding | unknown_rounding
        plan     | #1/unitConfig = {"operation":"divide","conversionFactor":"10","precision":9} | 400 | #1/unitConfig/precision | too_many_decimals
        plan     | #1/unitConfig = {"operation":"divide","conversionFactor":"10","displayUnit":""} | 400 | #1/unitConfig/displayUnit | out_of_range
        plan     | #0/unitConfig = {"operation":"divide","conversionFactor":"10"} | 400 | #0/unitConfig | not_allowed
        plan     | #1/unitCost = "-1" | 400 | #1/unitCost | negative
        plan     | /commitment = {"minimumSpend":"-1"} | 400 | /commitment/minimumSpend | negative
        plan     | /commitment = {} | 400 | /commitment/minimumSpend | required
        plan     | #2/entitlementTemplate/type = "unlimited"  | 400 | #2/entitlementTemplate/type | unknown_entitlement_type
        plan     | #2/entitlementTemplate/issueAfterReset = -1 | 400 | #2/entitlementTemplate/issueAfterReset | out_of_range
        plan     | #2/entitlementTemplate/issueAfterReset = 0.0000000000001 | 400 | #2/entitlementTemplate/issueAfterReset | out_of_range
        plan     | #2/entitlementTemplate/usagePeriod = "DAY" | 400 | #2/entitlementTemplate/usagePeriod | invalid_duration
        plan     | #2/entitlementTemplate/config = "{}"       | 400 | #2/entitlementTemplate/config | not_allowed
        plan     | #2/entitlementTemplate/issueAfterResetPriority = 256 | 400 | #2/entitlementTemplate/issueAfterResetPriority | out_of_range
        plan     | #2/entitlementTemplate/rateLimits/0/per = "P1M" | 400 | #2/entitlementTemplate/rateLimits/0/per | invalid_duration
        plan     | #2/entitlementTemplate/rateLimits/0/limit = 0 | 400 | #2/entitlementTemplate/rateLimits/0/limit | out_of_range
        plan     | #2/entitlementTemplate/rateLimits/0/burst = 0 | 400 | #2/entitlementTemplate/rateLimits/0/burst | out_of_range
        plan     | ~ = {"size":1} | 400 | ~/size | invalid_json
        plan     | ~ = {"concurrency":{}} | 400 | ~/concurrency/limit | required
        plan     | ~ = {"concurrency":{"limit":0}} | 400 | ~/concurrency/limit | out_of_range
        plan     | ~ = {"concurrency":{"limit":1,"maxDuration":"P1D"}} | 400 | ~/concurrency/maxDuration | invalid_duration
        plan     | ~ = {"bodySize":{"maxBytes":9}} | 400 | ~/bodySize/whenUnknown | required
        plan     | ~ = {"bodySize":{"maxBytes":0,"whenUnknown":"pass"}} | 400 | ~/bodySize/maxBytes | out_of_range
        plan     | ~ = {"bodySize":{"maxBytes":9,"whenUnknown":"ask"}} | 400 | ~/bodySize/whenUnknown | unknown_choice
        plan     | ~ = {"promptSize":{"maxTokens":0,"whenUnknown":"pass"}} | 400 | ~/promptSize/maxTokens | out_of_range
        plan     | ~ = {"promptSize":{"maxTokens":9,"whenUnknown":""}} | 400 | ~/promptSize/whenUnknown | unknown_choice
        plan     | #2/entitlementTemplate = {"type":"static","config":"{}","requestLimits":{}} | 400 | ~ | not_allowed
        plan     | #2/entitlementTemplate = {"type":"static","config":"{"} | 400 | #2/entitlementTemplate/config | invalid_json
        customer | /name -                                                       | 400 | /name | required
        customer | /key = "a\u0000"                                              | 400 | /key | invalid_json
        customer | /usageAttribution/subjectKeys/0 = "a\u0000"                   | 400 | /usageAttribution/subjectKeys/0 | invalid_json
        customer | /key = ""                                                     | 400 | /key | out_of_range
        customer | /key = "a/b"                                                  | 400 | /key | invalid_key
        customer | /key = "taken"                                                | 409 | /key | taken
        customer | /currency = "usd"                                             | 400 | /currency | unknown_currency
        customer | /timeZone = "Mars/Base"                                       | 400 | /timeZone | unknown_time_zone
        customer | /primaryEmail = "nobody"                                      | 400 | /primaryEmail | invalid_email
        customer | /billingAddress = {"country":"Germany"}                       | 400 | /billingAddress/country | unknown_country
        customer | /usageAttribution = {"subjectKeys":["a","a"]}                 | 400 | /usageAttribution/subjectKeys/1 | duplicate
        customer | /usageAttribution = {"subjectKeys":["taken-app"]}             | 409 | /usageAttribution/subjectKeys/0 | taken
        customer | /usageAttribution = {}                                        | 400 | /usageAttribution/subjectKeys | required
        feature  | /key = "Search"                                               | 400 | /key | invalid_key
        feature  | /key = "summarize"                                            | 409 | /key | taken
        feature  | /meterSlug = "nothing"                                        | 400 | /meterSlug | unknown_meter
        feature  | /overlap = "max"                                              | 400 | /overlap | unknown_overlap
        subscription | /plan/key = "nothing"                                     | 400 | /plan/key | unknown_plan
        subscription | /plan/version = 9                                         | 400 | /plan/version | unknown_plan
        subscription | /customerKey = "nobody"                                   | 400 | /customerKey | unknown_customer
        subscription | /customerKey -                                            | 400 | /customerKey | required
        subscription | /customerId = "01H"                                       | 400 | /customerId | invalid_id
        subscription | /timing = "someday"                                       | 400 | /timing | invalid_timing
        subscription | /timing = "2020-01-01T00:00:00Z"                          | 400 | /timing | time_in_the_past
        subscription | /plan/key = "a\u0000"                                     | 400 | /plan/key | invalid_json
        subscription | /billingAnchor = "9999-12-31T23:59:59-18:00"              | 400 | /billingAnchor | invalid_json
        subscription | /billingAnchor = "15th"                                   | 400 | /billingAnchor | invalid_json
        lease    | /sidecarId = ""                                               | 400 | /sidecarId | out_of_range
        lease    | /requests/0/leaseId = "short"                                 | 400 | /requests/0/leaseId | invalid_id
        lease    | /requests/0/wanted = -1                                       | 400 | /requests/0/wanted | out_of_range
        lease    | /requests/0/needed = 10000000000000                           | 400 | /requests/0/needed | out_of_range
        lease    | /reports = [{"leaseId":"01HZZZZZZZZZZZZZZZZZZZZZZZ","spent":-1,"close":false}] | 400 | /reports/0/spent | negative
        """;

    private static readonly Dictionary<string, (string Path, string Body)> Good = new()
    {
        ["plan"] = ("/api/v1/plans", """
            {"key":"gold","name":"Gold","currency":"USD","billingCadence":"P1M","phases":[{"key":"main","name":"Main","duration":null,"rateCards":[
              {"type":"flat_fee","key":"platform","name":"Fee","billingCadence":"P1M",
               "price":{"type":"flat","amount":"49","paymentTerm":"in_advance"}},
              {"type":"usage_based","key":"tokens","name":"Tokens","featureKey":"tokens","billingCadence":"P1M","price":{
               "type":"tiered","mode":"graduated","maximumAmount":"90","tiers":[
               {"upToAmount":"100","flatPrice":null,"unitPrice":{"type":"unit","amount":"0"}},
               {"upToAmount":"200","flatPrice":null,"unitPrice":{"type":"unit","amount":"0.1"}},
               {"flatPrice":null,"unitPrice":{"type":"unit","amount":"0.2"}}]}},
              {"type":"flat_fee","key":"summarize","name":"Sum","featureKey":"summarize","billingCadence":null,"price":null,
               "entitlementTemplate":{"type":"metered","issueAfterReset":100,"usagePeriod":"P1D","rateLimits":[{"limit":5,"per":"PT1M"}]}}]}]}
            """),
        ["customer"] = ("/api/v1/customers", """{"name":"New","key":"new","usageAttribution":{"subjectKeys":["new-app"]}}"""),
        ["feature"] = ("/api/v1/features", """{"key":"search","name":"Search","meterSlug":"requests"}"""),
        ["subscription"] = ("/api/v1/subscriptions", """{"plan":{"key":"free"},"customerKey":"taken"}"""),
        ["lease"] = ("/api/v1/sidecar/leases", """
            {"sidecarId":"one","reports":[],"requests":[
             {"leaseId":"01HZZZZZZZZZZZZZZZZZZZZZZZ","entitlementId":"01HZZZZZZZZZZZZZZZZZZZZZZZ","wanted":1,"needed":0}]}
            """),
    };

    [Fact]
    public async Task Every_spoiled_field_is_named()
    {
        await using var host = await Shop.OpenAsync();
        await Some.CustomerAsync(host, "taken");
        var wrong = new StringBuilder();
        var rows = Table.ReplaceLineEndings("\n").Replace("~", "#2/entitlementTemplate/requestLimits", StringComparison.Ordinal)
            .Replace("#", "/phases/0/rateCards/", StringComparison.Ordinal).Split('\n');
        foreach (var row in rows.Select(line => line.Split('|', StringSplitOptions.TrimEntries)))
        {
            var (path, body) = Good[row[0]];
            using var response = await host.Client.PostAsJsonAsync(path, Spoiling.Spoil(JsonNode.Parse(body)!, row[1]));
            var answer = await response.Content.ReadAsStringAsync();
            var error = (int)response.StatusCode < 400 ? null : JsonNode.Parse(answer)!["errors"]?[0];
            var actual = $"{(int)response.StatusCode} | {(string?)error?["pointer"]} | {(string?)error?["code"]}";
            if (actual != $"{row[2]} | {row[3]} | {row[4]}" || response.Content.Headers.ContentType?.MediaType != "application/problem+json")
            {
                wrong.AppendLine($"{row[0]} {row[1]}: {actual} — {answer}");
            }
        }

        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    [Fact]
    public async Task Each_request_is_good_before_it_is_spoiled()
    {
        await using var host = await Shop.OpenAsync();
        await Some.CustomerAsync(host, "taken");
        foreach (var (path, body) in Good.Values)
        {
            await host.PostAsync(path, JsonNode.Parse(body)!);
        }
    }
}
