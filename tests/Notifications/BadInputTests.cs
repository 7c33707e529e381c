using Metering.Notifications.Tests.Support;
using Metering.Testing;
using Xunit;

namespace Metering.Notifications.Tests;

public sealed class BadInputTests
{
    // CHANNELS, RULES and EVENTS stand for paths, GOOD, CREATED, RESET and BALANCE for fields of a good body; 400 is invalid-request.
    // request | body | status | problem | pointer | code
    private const string Table = """
        POST CHANNELS | {"name":"x","url":"https://a.example/"} | 400 | /type | required
        POST CHANNELS | {"type":"EMAIL","name":"x","url":"https://a.example/"} | 400 | /type | unknown_value
        POST CHANNELS | {"type":"WEBHOOK","name":"","url":"https://a.example/"} | 400 | /name | out_of_range
        POST CHANNELS | {"type":"WEBHOOK","name":"x","url":"ftp://a.example/"} | 400 | /url | invalid_url
        POST CHANNELS | {"type":"WEBHOOK","name":"x","url":"nowhere"} | 400 | /url | invalid_url
        POST CHANNELS | {"type":"WEBHOOK","name":"x","url":"https://u:p@a.example/"} | 400 | /url | invalid_url
        POST CHANNELS | {"type":"WEBHOOK","name":"x","url":"http://127.0.0.1/"} | 400 | /url | private_address
        POST CHANNELS | {"type":"WEBHOOK","name":"x","url":"http://169.254.169.254/latest"} | 400 | /url | private_address
        POST CHANNELS | {"type":"WEBHOOK","name":"x","url":"http://[::1]:8080/"} | 400 | /url | private_address
        POST CHANNELS | {"type":"WEBHOOK","name":"x","url":"http://2130706433/"} | 400 | /url | private_address
        POST CHANNELS | {GOOD,"signingSecret":"short"} | 400 | /signingSecret | invalid_secret
        POST CHANNELS | {GOOD,"customHeaders":{"Host":"b"}} | 400 | /customHeaders/Host | reserved
        POST CHANNELS | {GOOD,"customHeaders":{"Webhook-Id":"b"}} | 400 | /customHeaders/Webhook-Id | reserved
        POST CHANNELS | {GOOD,"customHeaders":{"a b":"c"}} | 400 | /customHeaders/a b | invalid_header
        POST CHANNELS | {GOOD,"customHeaders":{"A":"b\r\nC: d"}} | 400 | /customHeaders/A | invalid_header
        POST CHANNELS | {GOOD,"disabled":"no"} | 400 | /disabled | invalid_json
        POST CHANNELS | {GOOD,"metadata":{"":"v"}} | 400 | /metadata/ | out_of_range
        GET CHANNELS?orderBy=name | | 400 | ?orderBy | unknown_value
        GET CHANNELS?order=up | | 400 | ?order | unknown_value
        GET CHANNELS?page=0 | | 400 | ?page | out_of_range
        GET CHANNELS/x | | 404 | not-found
        PUT CHANNELS/01HZZZZZZZZZZZZZZZZZZZZZZZ | {GOOD} | 404 | not-found
        DELETE CHANNELS/x | | 404 | not-found
        POST RULES | {"type":"invoice.paid","name":"x","channels":["C"]} | 400 | /type | unknown_value
        POST RULES | {"type":"invoice.created","channels":["C"]} | 400 | /name | required
        POST RULES | {CREATED,"channels":[]} | 400 | /channels | out_of_range
        POST RULES | {CREATED,"channels":["C","C"]} | 400 | /channels/1 | duplicate
        POST RULES | {CREATED,"channels":["C","01HZZZZZZZZZZZZZZZZZZZZZZZ"]} | 400 | /channels/1 | unknown_channel
        POST RULES | {CREATED,"channels":[null]} | 400 | /channels/0 | required
        POST RULES | {CREATED,"channels":["C"],"thresholds":[{"type":"usage_value","value":1}]} | 400 | /thresholds | not_allowed
        POST RULES | {CREATED,"channels":["C"],"features":["calls"]} | 400 | /features | not_allowed
        POST RULES | {RESET,"features":[]} | 400 | /features | out_of_range
        POST RULES | {RESET,"features":["calls","nothing"]} | 400 | /features/1 | unknown_feature
        POST RULES | {BALANCE} | 400 | /thresholds | required
        POST RULES | {BALANCE,"thresholds":[{"type":"half","value":1}]} | 400 | /thresholds/0/type | unknown_value
        POST RULES | {BALANCE,"thresholds":[{"type":"usage_value","value":-1}]} | 400 | /thresholds/0/value | out_of_range
        POST RULES | {BALANCE,"thresholds":[{"type":"usage_value","value":"1"}]} | 400 | /thresholds/0/value | invalid_json
        POST RULES | {BALANCE,"thresholds":[{"type":"NUMBER","value":1},{"type":"usage_value","value":1.0}]} | 400 | /thresholds/1 | duplicate
        PUT RULES/R | {"type":"invoice.updated","name":"x","channels":["C"]} | 400 | /type | immutable
        PUT RULES/x | {"type":"invoice.updated","name":"x","channels":["C"]} | 404 | not-found
        GET RULES/x | | 404 | not-found
        GET RULES?orderBy=name | | 400 | ?orderBy | unknown_value
        DELETE RULES/x | | 404 | not-found
        POST RULES/x/test | | 404 | not-found
        GET EVENTS/x | | 404 | not-found
        GET EVENTS?from=yesterday | | 400 | ?from | invalid_time
        GET EVENTS?to=tomorrow | | 400 | ?to | invalid_time
        GET EVENTS?orderBy=type | | 400 | ?orderBy | unknown_value
        GET EVENTS?pageSize=0 | | 400 | ?pageSize | out_of_range
        POST EVENTS/x/resend | {} | 404 | not-found
        POST EVENTS/E/resend | {"channels":["01HZZZZZZZZZZZZZZZZZZZZZZZ"]} | 400 | /channels/0 | unknown_channel
        """;

    [Fact]
    public async Task Every_bad_request_is_told_what_is_wrong_with_it()
    {
        await using var desk = await Desk.OpenAsync(allowPrivate: false);
        var channel = await desk.Host.PostAsync(
            "/api/v1/notification/channels", Desk.Json("""{"type":"WEBHOOK","name":"x","url":"https://receiver.invalid/"}"""), 201);
        var rule = await desk.RuleAsync("invoice.created", "", channel);
        var made = await desk.Host.PostAsync($"/api/v1/notification/rules/{rule["id"]}/test", Desk.Json("{}"), 201);
        var table = Table
            .Replace("CHANNELS", "/api/v1/notification/channels", StringComparison.Ordinal)
            .Replace("RULES", "/api/v1/notification/rules", StringComparison.Ordinal)
            .Replace("EVENTS", "/api/v1/notification/events", StringComparison.Ordinal)
            .Replace("GOOD", """ "type":"WEBHOOK","name":"x","url":"https://a.example/" """, StringComparison.Ordinal)
            .Replace("CREATED", """ "type":"invoice.created","name":"x" """, StringComparison.Ordinal)
            .Replace("RESET", """ "type":"entitlements.reset","name":"x","channels":["C"] """, StringComparison.Ordinal)
            .Replace("BALANCE", """ "type":"entitlements.balance.threshold","name":"x","channels":["C"] """, StringComparison.Ordinal)
            .Replace("| 400 |", "| 400 | invalid-request |", StringComparison.Ordinal)
            .Replace("\"C\"", $"\"{channel["id"]}\"", StringComparison.Ordinal)
            .Replace("/rules/R ", $"/rules/{rule["id"]} ", StringComparison.Ordinal)
            .Replace("/events/E/", $"/events/{made["id"]}/", StringComparison.Ordinal);

        var wrong = await BadInput.RunAsync(desk.Host.Client, table);

        Assert.True(wrong.Length == 0, wrong);
    }
}
