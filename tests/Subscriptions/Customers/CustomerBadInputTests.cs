using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Customers;

public sealed class CustomerBadInputTests
{
    // request | body | status | problem | pointer | code
    private const string Table = """
        GET /api/v1/customers?order=UP | | 400 | invalid-request | ?order | unknown_value
        GET /api/v1/customers?orderBy=email | | 400 | invalid-request | ?orderBy | unknown_value
        GET /api/v1/customers?expand=invoices | | 400 | invalid-request | ?expand | unknown_value
        GET /api/v1/customers?page=0 | | 400 | invalid-request | ?page | out_of_range
        GET /api/v1/customers?pageSize=1001 | | 400 | invalid-request | ?pageSize | out_of_range
        GET /api/v1/customers?includeDeleted=maybe | | 400 | invalid-request | ?includeDeleted | invalid_value
        GET /api/v1/customers/nobody | | 404 | not-found
        GET /api/v1/customers/acme?expand=all | | 400 | invalid-request | ?expand | unknown_value
        GET /api/v1/customers/nobody/apps | | 404 | not-found
        GET /api/v1/customers/acme/apps?type=paypal | | 400 | invalid-request | ?type | unknown_value
        POST /api/v1/customers | {"name":"X","kind":"friend"} | 400 | invalid-request | /kind | unknown_value
        POST /api/v1/customers | {"name":"X","level":"king"} | 400 | invalid-request | /level | unknown_value
        POST /api/v1/customers | {"name":"X","usageAttribution":{"subjectKeys":[""]}} | 400 | invalid-request | /usageAttribution/subjectKeys/0 | out_of_range
        POST /api/v1/customers | {"name":"X","usageAttribution":{"subjectKeys":["free","acme-app"]}} | 409 | already-exists | /usageAttribution/subjectKeys/1 | taken
        PUT /api/v1/customers/acme | {"key":"acme"} | 400 | invalid-request | /name | required
        PUT /api/v1/customers/nobody | {"name":"X"} | 404 | not-found
        POST /api/v1/customers/nobody/suspend | {} | 404 | not-found
        POST /api/v1/customers/acme/suspend | {"why":"x"} | 400 | invalid-request | /why | invalid_json
        POST /api/v1/customers/acme/suspend | {"reason":7} | 400 | invalid-request | /reason | invalid_json
        POST /api/v1/customers/nobody/resume | | 404 | not-found
        PUT /api/v1/customers/acme/parent | {} | 400 | invalid-request | /parent | required
        PUT /api/v1/customers/acme/parent | {"parent":"nobody"} | 400 | invalid-request | /parent | unknown_customer
        PUT /api/v1/customers/acme/parent | {"parent":"acme"} | 409 | conflict | /parent | circle
        PUT /api/v1/customers/acme/parent | {"parent":null,"effectiveFrom":"2020-01-01T00:00:00Z"} | 400 | invalid-request | /effectiveFrom | time_in_the_past
        PUT /api/v1/customers/acme/parent | {"parent":null,"effectiveFrom":"soon"} | 400 | invalid-request | /effectiveFrom | invalid_json
        PUT /api/v1/customers/nobody/parent | {"parent":null} | 404 | not-found
        GET /api/v1/customers/acme/parent?at=now | | 400 | invalid-request | ?at | invalid_time
        GET /api/v1/customers/acme/children?depth=9 | | 400 | invalid-request | ?depth | out_of_range
        GET /api/v1/customers/acme/children?at=now | | 400 | invalid-request | ?at | invalid_time
        GET /api/v1/customers/nobody/children | | 404 | not-found
        GET /api/v1/customers/nobody/placements | | 404 | not-found
        POST /api/v1/customers/acme/credentials | {} | 400 | invalid-request | /name | required
        POST /api/v1/customers/acme/credentials | {"name":""} | 400 | invalid-request | /name | out_of_range
        POST /api/v1/customers/acme/credentials | {"name":"x","features":[]} | 400 | invalid-request | /features | out_of_range
        POST /api/v1/customers/acme/credentials | {"name":"x","features":["summarize","nothing"]} | 400 | invalid-request | /features/1 | unknown_feature
        POST /api/v1/customers/acme/credentials | {"name":"x","features":["summarize","summarize"]} | 400 | invalid-request | /features/1 | duplicate
        POST /api/v1/customers/acme/credentials | {"name":"x","features":[null]} | 400 | invalid-request | /features/0 | unknown_feature
        POST /api/v1/customers/acme/credentials | {"name":"x","expiresAt":"2020-01-01T00:00:00Z"} | 400 | invalid-request | /expiresAt | time_in_the_past
        POST /api/v1/customers/acme/credentials | {"name":"x","agent":"nobody"} | 400 | invalid-request | /agent | unknown_customer
        POST /api/v1/customers/acme/credentials | {"name":"x","application":"acme"} | 400 | invalid-request | /application | wrong_level
        POST /api/v1/customers/nobody/credentials | {"name":"x"} | 404 | not-found
        GET /api/v1/customers/acme/credentials?status=good | | 400 | invalid-request | ?status | unknown_value
        DELETE /api/v1/customers/acme/credentials/none | | 404 | not-found
        POST /api/v1/customers/acme/credentials/none/rotate | {} | 404 | not-found
        POST /api/v1/customers/acme/credentials/none/rotate | {"overlap":"P1M"} | 400 | invalid-request | /overlap | invalid_duration
        POST /api/v1/customers/acme/credentials/none/rotate | {"overlap":"P31D"} | 400 | invalid-request | /overlap | invalid_duration
        """;

    [Fact]
    public async Task Every_bad_request_is_told_what_is_wrong_with_it()
    {
        await using var host = await Shop.OpenAsync();
        await Some.CustomerAsync(host, "acme");

        var wrong = await BadInput.RunAsync(host.Client, Table);
        Assert.True(wrong.Length == 0, wrong);
    }
}
