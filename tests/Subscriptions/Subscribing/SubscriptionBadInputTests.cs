using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Subscribing;

/// <summary>Requests about the life of subscriptions, plans' versions and add-ons that can not be, and what each is told.</summary>
public sealed class SubscriptionBadInputTests
{
    // ~ stands for /customizations/0; a word in angle brackets for the id of what the test has made.
    // METHOD path | body | status | problem type | pointer | code
    private const string Subscribing = """
        POST /api/v1/subscriptions | {} | 400 | invalid-request | /customerKey | required
        POST /api/v1/subscriptions | {"customerKey":"free"} | 400 | invalid-request | /plan | required
        POST /api/v1/subscriptions | {"customerKey":"free","plan":{"key":"pro"},"customPlan":{"name":"Own","currency":"USD","billingCadence":"P1M","phases":[]}} | 400 | invalid-request | /customPlan | not_allowed
        POST /api/v1/subscriptions | {"customerKey":"free","customPlan":{"name":"Own","currency":"XAU","billingCadence":"P1M","phases":[]}} | 400 | invalid-request | /customPlan/currency | unknown_currency
        POST /api/v1/subscriptions | {"customerKey":"free","customPlan":{"name":"Own","currency":"USD","billingCadence":"P1M","phases":[]}} | 400 | invalid-request | /customPlan/phases | out_of_range
        POST /api/v1/subscriptions | {"customerKey":"free","plan":{"key":"pro"},"startingPhase":"nowhere"} | 400 | invalid-request | /startingPhase | unknown_phase
        POST /api/v1/subscriptions | {"customerKey":"free","plan":{"key":"pro"},"settlementMode":"credit_only"} | 400 | invalid-request | /settlementMode | not_supported
        POST /api/v1/subscriptions | {"customerKey":"free","plan":{"key":"pro"},"costBasisMode":"pinned"} | 400 | invalid-request | /costBasisMode | not_supported
        POST /api/v1/subscriptions | {"customerKey":"free","plan":{"key":"pro"},"timing":"someday"} | 400 | invalid-request | /timing | invalid_timing
        POST /api/v1/subscriptions | {"customerKey":"free","plan":{"key":"pro","version":7}} | 400 | invalid-request | /plan/version | unknown_plan
        POST /api/v1/subscriptions | {"customerKey":"free","plan":{"key":"lite","version":1}} | 409 | conflict
        POST /api/v1/subscriptions | {"customerKey":"euro","plan":{"key":"pro"}} | 409 | conflict | /plan/key | currency_mismatch
        POST /api/v1/subscriptions | {"customerKey":"active","plan":{"key":"pro"}} | 409 | conflict | | plan_twice
        GET /api/v1/subscriptions/<active>?at=yesterday | | 400 | invalid-request | ?at | invalid_time
        GET /api/v1/subscriptions/<active>?at=2020-01-01T00:00:00Z | | 404 | not-found
        GET /api/v1/subscriptions/nothing | | 404 | not-found
        GET /api/v1/customers/active/subscriptions?status=asleep | | 400 | invalid-request | ?status | unknown_status
        GET /api/v1/customers/active/subscriptions?order=up | | 400 | invalid-request | ?order | unknown_order
        GET /api/v1/customers/active/subscriptions?orderBy=name | | 400 | invalid-request | ?orderBy | unknown_order
        GET /api/v1/customers/nobody/subscriptions | | 404 | not-found
        POST /api/v1/subscriptions/<canceled>/cancel | {} | 409 | conflict
        POST /api/v1/subscriptions/<active>/cancel | {"timing":"2020-01-01T00:00:00Z"} | 400 | invalid-request | /timing | time_in_the_past
        POST /api/v1/subscriptions/nothing/cancel | {} | 404 | not-found
        POST /api/v1/subscriptions/<active>/unschedule-cancelation | | 409 | conflict
        POST /api/v1/subscriptions/<ended>/restore | | 409 | conflict
        DELETE /api/v1/subscriptions/<active> | | 409 | conflict
        DELETE /api/v1/subscriptions/nothing | | 404 | not-found
        POST /api/v1/subscriptions/<active>/change | {} | 400 | invalid-request | /timing | required
        POST /api/v1/subscriptions/<active>/change | {"timing":"immediate"} | 400 | invalid-request | /plan | required
        POST /api/v1/subscriptions/<active>/change | {"timing":"immediate","plan":{"key":"nothing"}} | 400 | invalid-request | /plan/key | unknown_plan
        POST /api/v1/subscriptions/<active>/change | {"timing":"immediate","plan":{"key":"lite"},"startingPhase":"nowhere"} | 400 | invalid-request | /startingPhase | unknown_phase
        POST /api/v1/subscriptions/<scheduled>/change | {"timing":"immediate","plan":{"key":"lite"}} | 409 | conflict
        POST /api/v1/subscriptions/<canceled>/change | {"timing":"2026-03-01T00:00:00Z","plan":{"key":"lite"}} | 409 | conflict | /timing | after_the_end
        POST /api/v1/subscriptions/<active>/migrate | {"targetVersion":9} | 400 | invalid-request | /targetVersion | unknown_plan
        POST /api/v1/subscriptions/<active>/migrate | {} | 409 | conflict | /targetVersion | same_version
        POST /api/v1/subscriptions/<custom>/migrate | {} | 409 | conflict
        """;

    private const string Editing = """
        PATCH /api/v1/subscriptions/<active> | {} | 400 | invalid-request | /customizations | required
        PATCH /api/v1/subscriptions/<active> | {"customizations":[]} | 400 | invalid-request | /customizations | out_of_range
        PATCH /api/v1/subscriptions/<active> | {"customizations":[null]} | 400 | invalid-request | ~ | required
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"paint"}]} | 400 | invalid-request | ~/op | unknown_op
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"add_item","phaseKey":"trial"}]} | 400 | invalid-request | ~/rateCard | required
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"remove_item","phaseKey":"trial","itemKey":"fee","shift":"next"}]} | 400 | invalid-request | ~/shift | not_allowed
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"remove_phase","phaseKey":"paid"}]} | 400 | invalid-request | ~/shift | required
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"remove_phase","phaseKey":"paid","shift":"up"}]} | 400 | invalid-request | ~/shift | unknown_shift
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"stretch_phase","phaseKey":"trial","extendBy":"P1M15D"}]} | 400 | invalid-request | ~/extendBy | invalid_duration
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"add_phase","phase":{"key":"Pause","name":"Pause","startAfter":"P1M","duration":"P1M"}}]} | 400 | invalid-request | ~/phase/key | invalid_key
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"add_phase","phase":{"key":"pause","name":"Pause","duration":"P1M"}}]} | 400 | invalid-request | ~/phase/startAfter | required
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"add_phase","phase":{"key":"pause","name":"Pause","startAfter":"soon","duration":"P1M"}}]} | 400 | invalid-request | ~/phase/startAfter | invalid_duration
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"add_phase","phase":{"key":"pause","name":"Pause","startAfter":"P20D"}}]} | 400 | invalid-request | ~/phase/duration | required
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"add_phase","phase":{"key":"paid","name":"Paid","startAfter":"P2M"}}]} | 400 | invalid-request | ~/phase/key | duplicate
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"add_phase","phase":{"key":"pause","name":"Pause","startAfter":null,"duration":"P1M"}}]} | 409 | conflict | ~/phase/startAfter | time_in_the_past
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"add_phase","phase":{"key":"pause","name":"Pause","startAfter":"P2M","discounts":{}}}]} | 400 | invalid-request | ~/phase/discounts | not_supported
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"add_item","phaseKey":"trial","rateCard":<unit>}]} | 400 | invalid-request | ~/rateCard/price/type | not_allowed
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"add_item","phaseKey":"nowhere","rateCard":<fee>}]} | 400 | invalid-request | ~/phaseKey | unknown_phase
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"add_item","phaseKey":"trial","rateCard":<weekly>}]} | 400 | invalid-request | ~/rateCard/billingCadence | cadence_not_dividing
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"remove_item","phaseKey":"trial","itemKey":"nothing"}]} | 400 | invalid-request | ~/itemKey | unknown_item
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"remove_phase","phaseKey":"trial","shift":"next"}]} | 409 | conflict | ~/phaseKey | phase_started
        PATCH /api/v1/subscriptions/<active> | {"timing":"2026-03-01T00:00:00Z","customizations":[{"op":"remove_item","phaseKey":"trial","itemKey":"fee"}]} | 409 | conflict | ~/phaseKey | phase_over
        PATCH /api/v1/subscriptions/<active> | {"timing":"2020-01-01T00:00:00Z","customizations":[{"op":"unschedule_edit"}]} | 400 | invalid-request | /timing | time_in_the_past
        PATCH /api/v1/subscriptions/<active> | {"customizations":[{"op":"remove_item","phaseKey":"trial","itemKey":"fee"},{"op":"unschedule_edit"}]} | 400 | invalid-request | /customizations/1/op | must_be_first
        PATCH /api/v1/subscriptions/<canceled> | {"timing":"2026-03-01T00:00:00Z","customizations":[{"op":"unschedule_edit"}]} | 409 | conflict | /timing | after_the_end
        PATCH /api/v1/subscriptions/<ended> | {"customizations":[{"op":"unschedule_edit"}]} | 409 | conflict
        PATCH /api/v1/subscriptions/nothing | {"customizations":[{"op":"unschedule_edit"}]} | 404 | not-found
        """;

    private const string Selling = """
        POST /api/v1/addons | {"key":"x","name":"X","currency":"USD","instanceType":"some","rateCards":[<fee>]} | 400 | invalid-request | /instanceType | unknown_instance_type
        POST /api/v1/addons | {"key":"x","name":"X","currency":"USD","instanceType":"single","rateCards":[]} | 400 | invalid-request | /rateCards | out_of_range
        POST /api/v1/addons | {"key":"x","name":"X","currency":"gold","instanceType":"single","rateCards":[<fee>]} | 400 | invalid-request | /currency | unknown_currency
        POST /api/v1/addons | {"key":"x","name":"X","currency":"USD","instanceType":"single","rateCards":[<unit>]} | 400 | invalid-request | /rateCards/0/price/type | not_allowed
        POST /api/v1/addons | {"key":"draft","name":"X","currency":"USD","instanceType":"single","rateCards":[<fee>]} | 409 | already-exists | /key | draft_exists
        POST /api/v1/addons/<draft>/publish | | 400 | invalid-request | /rateCards/0/price/type | not_allowed
        POST /api/v1/addons/<draft>/archive | | 409 | conflict
        PUT /api/v1/addons/<seats> | {"name":"X","instanceType":"single","rateCards":[<fee>]} | 409 | conflict
        DELETE /api/v1/addons/<seats> | | 409 | conflict
        GET /api/v1/addons/nothing | | 404 | not-found
        GET /api/v1/addons?status=sold | | 400 | invalid-request | ?status | unknown_status
        POST /api/v1/plans/pro/addons | {"addonId":"nothing","fromPlanPhase":"trial"} | 400 | invalid-request | /addonId | unknown_addon
        POST /api/v1/plans/pro/addons | {"addonId":"<single>","fromPlanPhase":"nowhere"} | 400 | invalid-request | /fromPlanPhase | unknown_phase
        POST /api/v1/plans/pro/addons | {"addonId":"<single>","fromPlanPhase":"trial","maxQuantity":2} | 400 | invalid-request | /maxQuantity | not_allowed
        POST /api/v1/plans/pro/addons | {"addonId":"<seats>","fromPlanPhase":"trial","maxQuantity":0} | 400 | invalid-request | /maxQuantity | out_of_range
        POST /api/v1/plans/pro/addons | {"addonId":"<seats>","fromPlanPhase":"trial"} | 409 | already-exists | /addonId | taken
        POST /api/v1/plans/pro/addons | {"addonId":"<draft>","fromPlanPhase":"trial"} | 409 | conflict
        POST /api/v1/plans/nothing/addons | {"addonId":"<seats>","fromPlanPhase":"trial"} | 404 | not-found
        GET /api/v1/plans/pro/addons/nothing | | 404 | not-found
        POST /api/v1/subscriptions/<active>/addons | {"name":"S","quantity":0,"timing":"immediate","addon":{"id":"<seats>"}} | 400 | invalid-request | /quantity | out_of_range
        POST /api/v1/subscriptions/<active>/addons | {"name":"S","quantity":4,"timing":"immediate","addon":{"id":"<seats>"}} | 400 | invalid-request | /quantity | out_of_range
        POST /api/v1/subscriptions/<active>/addons | {"name":"S","quantity":1,"timing":"immediate","addon":{"id":"nothing"}} | 404 | not-found | /addon/id | unknown_addon
        POST /api/v1/subscriptions/<active>/addons | {"name":"S","quantity":1,"timing":"immediate","addon":{"id":"<single>"}} | 400 | invalid-request | /addon/id | not_offered
        POST /api/v1/subscriptions/<active>/addons | {"name":"S","quantity":1,"addon":{"id":"<seats>"}} | 400 | invalid-request | /timing | required
        POST /api/v1/subscriptions/<custom>/addons | {"name":"S","quantity":1,"timing":"immediate","addon":{"id":"<seats>"}} | 400 | invalid-request | /addon/id | not_offered
        PATCH /api/v1/subscriptions/<active>/addons/nothing | {"quantity":1} | 404 | not-found
        POST /api/v1/plans/pro/publish | {"effectiveFrom":"2020-01-01T00:00:00Z"} | 400 | invalid-request | /effectiveFrom | time_in_the_past
        POST /api/v1/plans/pro/publish | {} | 409 | conflict
        POST /api/v1/plans/drafted/next | | 409 | already-exists
        POST /api/v1/plans/nothing/next | | 404 | not-found
        """;

    [Fact]
    public async Task Every_request_that_can_not_be_is_told_why()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        var names = await MakeAsync(host);
        var table = names.Aggregate(
            string.Join('\n', Subscribing, Editing, Selling),
            (text, name) => text.Replace($"<{name.Key}>", name.Value, StringComparison.Ordinal));

        var wrong = await BadInput.RunAsync(host.Client, table.Replace("| ~", "| /customizations/0", StringComparison.Ordinal));

        Assert.True(wrong.Length == 0, wrong);
    }

    private static async Task<Dictionary<string, string>> MakeAsync(TestHost host)
    {
        var pro = Some.Plan("pro");
        pro["phases"] = new JsonArray(Some.Phase("trial", "P1M", Some.Fee("fee", "1")), Some.Phase("paid", null, Some.Fee("fee", "49")));
        var plan = await Some.PublishedAsync(host, pro);
        await Some.PublishedAsync(host, Some.Plan("lite", Some.FlatFee()));
        await Some.PublishedAsync(host, Some.Plan("lite", Some.FlatFee("9")));
        await host.PostAsync("/api/v1/plans", Some.Plan("drafted", Some.FlatFee()), 201);
        foreach (var key in new[] { "active", "scheduled", "canceled", "ended", "custom", "free" })
        {
            await Some.CustomerAsync(host, key);
        }

        await host.PostAsync("/api/v1/customers", Some.Json("""{"name":"Euro","key":"euro","currency":"EUR"}"""), 201);
        var seats = await Some.AddonAsync(host, "seats", "multiple", Some.Fee("seats", "5"));
        var single = await Some.AddonAsync(host, "single", "single", Some.Fee("single", "5"));
        var unit = Some.Json("""
            {"type":"flat_fee","key":"u","name":"U","billingCadence":"P1M","price":{"type":"unit","amount":"1"}}
            """);
        await host.PostAsync("/api/v1/meters", Some.Json("""{"slug":"calls","aggregation":"COUNT","eventType":"call"}"""), 201);
        await Some.FeatureAsync(host, "calls", "calls");
        var draft = await host.PostAsync("/api/v1/addons", new JsonObject
        {
            ["key"] = "draft", ["name"] = "Draft", ["currency"] = "USD", ["instanceType"] = "multiple",
            ["rateCards"] = new JsonArray(Some.Json("""
                {"type":"usage_based","key":"calls","name":"Calls","featureKey":"calls","billingCadence":"P1M","price":{"type":"unit","amount":"1"}}
                """)),
        }, 201);
        await host.PostAsync($"/api/v1/plans/{plan["id"]}/addons", Some.Json($$"""
            {"addonId":"{{seats["id"]}}","fromPlanPhase":"trial","maxQuantity":3}
            """), 201);
        var ids = new Dictionary<string, string>
        {
            ["fee"] = Some.Fee("extra", "5").ToJsonString(), ["unit"] = unit.ToJsonString(),
            ["weekly"] = Some.Fee("weekly", "5", "P1W").ToJsonString(),
            ["seats"] = (string)seats["id"]!, ["single"] = (string)single["id"]!, ["draft"] = (string)draft["id"]!,
        };
        foreach (var key in new[] { "active", "canceled", "ended" })
        {
            ids[key] = (string)(await Some.SubscribedAsync(host, key, "pro"))["id"]!;
        }

        ids["scheduled"] = (string)(await host.PostAsync(
            "/api/v1/subscriptions", Some.Json("""{"customerKey":"scheduled","plan":{"key":"pro"},"timing":"2026-02-01T00:00:00Z"}"""), 201))["id"]!;
        ids["custom"] = (string)(await host.PostAsync("/api/v1/subscriptions", new JsonObject
        {
            ["customerKey"] = "custom",
            ["customPlan"] = new JsonObject
            {
                ["name"] = "Own", ["currency"] = "USD", ["billingCadence"] = "P1M",
                ["phases"] = new JsonArray(Some.Phase("main", null, Some.FlatFee())),
            },
        }, 201))["id"]!;
        await host.PostAsync($"/api/v1/subscriptions/{ids["canceled"]}/cancel", Some.Json("""{"timing":"next_billing_cycle"}"""), 200);
        await host.PostAsync($"/api/v1/subscriptions/{ids["ended"]}/cancel", Some.Json("{}"), 200);
        return ids;
    }
}
