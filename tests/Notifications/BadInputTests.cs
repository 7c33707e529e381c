using Metering.Notifications.Tests.Support;
using Metering.Testing;
using Xunit;

namespace Metering.Notifications.Tests;

public sealed class BadInputTests
{
    // request | body | status | problem | pointer | code
    private const string Table = """
        POST /api/v1/notification/channels | {"name":"x","url":"https://a.example/"} | 400 | invalid-request | /type | required
        POST /api/v1/notification/channels | {"type":"EMAIL","name":"x","url":"https://a.example/"} | 400 | invalid-request | /type | unknown_value
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"","url":"https://a.example/"} | 400 | invalid-request | /name | out_of_range
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"ftp://a.example/"} | 400 | invalid-request | /url | invalid_url
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"nowhere"} | 400 | invalid-request | /url | invalid_url
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"https://u:p@a.example/"} | 400 | invalid-request | /url | invalid_url
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"http://127.0.0.1/"} | 400 | invalid-request | /url | private_address
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"http://169.254.169.254/latest"} | 400 | invalid-request | /url | private_address
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"http://[::1]:8080/"} | 400 | invalid-request | /url | private_address
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"http://2130706433/"} | 400 | invalid-request | /url | private_address
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"https://a.example/","signingSecret":"short"} | 400 | invalid-request | /signingSecret | invalid_secret
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"https://a.example/","customHeaders":{"Host":"b"}} | 400 | invalid-request | /customHeaders/Host | reserved
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"https://a.example/","customHeaders":{"Webhook-Id":"b"}} | 400 | invalid-request | /customHeaders/Webhook-Id | reserved
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"https://a.example/","customHeaders":{"a b":"c"}} | 400 | invalid-request | /customHeaders/a b | invalid_header
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"https://a.example/","customHeaders":{"A":"b\r\nC: d"}} | 400 | invalid-request | /customHeaders/A | invalid_header
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"https://a.example/","disabled":"no"} | 400 | invalid-request | /disabled | invalid_json
        POST /api/v1/notification/channels | {"type":"WEBHOOK","name":"x","url":"https://a.example/","metadata":{"":"v"}} | 400 | invalid-request | /metadata/ | out_of_range
        GET /api/v1/notification/channels?orderBy=name | | 400 | invalid-request | ?orderBy | unknown_value
        GET /api/v1/notification/channels?order=up | | 400 | invalid-request | ?order | unknown_value
        GET /api/v1/notification/channels?page=0 | | 400 | invalid-request | ?page | out_of_range
        GET /api/v1/notification/channels/x | | 404 | not-found
        PUT /api/v1/notification/channels/01HZZZZZZZZZZZZZZZZZZZZZZZ | {"type":"WEBHOOK","name":"x","url":"https://a.example/"} | 404 | not-found
        DELETE /api/v1/notification/channels/x | | 404 | not-found
        POST /api/v1/notification/rules | {"type":"invoice.paid","name":"x","channels":["C"]} | 400 | invalid-request | /type | unknown_value
        POST /api/v1/notification/rules | {"type":"invoice.created","channels":["C"]} | 400 | invalid-request | /name | required
        POST /api/v1/notification/rules | {"type":"invoice.created","name":"x","channels":[]} | 400 | invalid-request | /channels | out_of_range
        POST /api/v1/notification/rules | {"type":"invoice.created","name":"x","channels":["C","C"]} | 400 | invalid-request | /channels/1 | duplicate
        POST /api/v1/notification/rules | {"type":"invoice.created","name":"x","channels":["C","01HZZZZZZZZZZZZZZZZZZZZZZZ"]} | 400 | invalid-request | /channels/1 | unknown_channel
        POST /api/v1/notification/rules | {"type":"invoice.created","name":"x","channels":[null]} | 400 | invalid-request | /channels/0 | required
        POST /api/v1/notification/rules | {"type":"invoice.created","name":"x","channels":["C"],"thresholds":[{"type":"usage_value","value":1}]} | 400 | invalid-request | /thresholds | not_allowed
        POST /api/v1/notification/rules | {"type":"invoice.created","name":"x","channels":["C"],"features":["calls"]} | 400 | invalid-request | /features | not_allowed
        POST /api/v1/notification/rules | {"type":"entitlements.reset","name":"x","channels":["C"],"features":[]} | 400 | invalid-request | /features | out_of_range
        POST /api/v1/notification/rules | {"type":"entitlements.reset","name":"x","channels":["C"],"features":["calls","nothing"]} | 400 | invalid-request | /features/1 | unknown_feature
        POST /api/v1/notification/rules | {"type":"entitlements.balance.threshold","name":"x","channels":["C"]} | 400 | invalid-request | /thresholds | required
        POST /api/v1/notification/rules | {"type":"entitlements.balance.threshold","name":"x","channels":["C"],"thresholds":[{"type":"half","value":1}]} | 400 | invalid-request | /thresholds/0/type | unknown_value
        POST /api/v1/notification/rules | {"type":"entitlements.balance.threshold","name":"x","channels":["C"],"thresholds":[{"type":"usage_value","value":-1}]} | 400 | invalid-request | /thresholds/0/value | out_of_range
        POST /api/v1/notification/rules | {"type":"entitlements.balance.threshold","name":"x","channels":["C"],"thresholds":[{"type":"usage_value","value":"1"}]} | 400 | invalid-request | /thresholds/0/value | invalid_json
        POST /api/v1/notification/rules | {"type":"entitlements.balance.threshold","name":"x","channels":["C"],"thresholds":[{"type":"NUMBER","value":1},{"type":"usage_value","value":1.0}]} | 400 | invalid-request | /thresholds/1 | duplicate
        PUT /api/v1/notification/rules/R | {"type":"invoice.updated","name":"x","channels":["C"]} | 400 | invalid-request | /type | immutable
        PUT /api/v1/notification/rules/x | {"type":"invoice.updated","name":"x","channels":["C"]} | 404 | not-found
        GET /api/v1/notification/rules/x | | 404 | not-found
        GET /api/v1/notification/rules?orderBy=name | | 400 | invalid-request | ?orderBy | unknown_value
        DELETE /api/v1/notification/rules/x | | 404 | not-found
        POST /api/v1/notification/rules/x/test | | 404 | not-found
        GET /api/v1/notification/events/x | | 404 | not-found
        GET /api/v1/notification/events?from=yesterday | | 400 | invalid-request | ?from | invalid_time
        GET /api/v1/notification/events?to=tomorrow | | 400 | invalid-request | ?to | invalid_time
        GET /api/v1/notification/events?orderBy=type | | 400 | invalid-request | ?orderBy | unknown_value
        GET /api/v1/notification/events?pageSize=0 | | 400 | invalid-request | ?pageSize | out_of_range
        POST /api/v1/notification/events/x/resend | {} | 404 | not-found
        POST /api/v1/notification/events/E/resend | {"channels":["01HZZZZZZZZZZZZZZZZZZZZZZZ"]} | 400 | invalid-request | /channels/0 | unknown_channel
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
            .Replace("\"C\"", $"\"{channel["id"]}\"", StringComparison.Ordinal)
            .Replace("/rules/R ", $"/rules/{rule["id"]} ", StringComparison.Ordinal)
            .Replace("/events/E/", $"/events/{made["id"]}/", StringComparison.Ordinal);

        var wrong = await BadInput.RunAsync(desk.Host.Client, table);

        Assert.True(wrong.Length == 0, wrong);
    }
}
