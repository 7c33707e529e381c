using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Customers;

public sealed class CustomerBadInputTests
{
    // CUSTOMERS stands for the path, TAKEN for already-exists; 400 is invalid-request.
    // request | body | status | problem | pointer | code
    private const string Table = """
        GET CUSTOMERS?order=UP | | 400 | ?order | unknown_value
        GET CUSTOMERS?orderBy=email | | 400 | ?orderBy | unknown_value
        GET CUSTOMERS?expand=invoices | | 400 | ?expand | unknown_value
        GET CUSTOMERS?page=0 | | 400 | ?page | out_of_range
        GET CUSTOMERS?pageSize=1001 | | 400 | ?pageSize | out_of_range
        GET CUSTOMERS?includeDeleted=maybe | | 400 | ?includeDeleted | invalid_value
        GET CUSTOMERS/nobody | | 404 | not-found
        GET CUSTOMERS/acme?expand=all | | 400 | ?expand | unknown_value
        GET CUSTOMERS/nobody/apps | | 404 | not-found
        GET CUSTOMERS/acme/apps?type=paypal | | 400 | ?type | unknown_value
        POST CUSTOMERS | {"name":"X","kind":"friend"} | 400 | /kind | unknown_value
        POST CUSTOMERS | {"name":"X","key":".."} | 400 | /key | invalid_key
        POST CUSTOMERS | {"name":"X","name":"Y"} | 400 | /name | invalid_json
        POST CUSTOMERS | {"name":"X","level":"king"} | 400 | /level | unknown_value
        POST CUSTOMERS | {"name":"X","usageAttribution":{"subjectKeys":[""]}} | 400 | /usageAttribution/subjectKeys/0 | out_of_range
        POST CUSTOMERS | {"name":"X","usageAttribution":{"subjectKeys":["a","acme-app"]}} | 409 | TAKEN | /usageAttribution/subjectKeys/1 | taken
        PUT CUSTOMERS/acme | {"key":"acme"} | 400 | /name | required
        PUT CUSTOMERS/nobody | {"name":"X"} | 404 | not-found
        POST CUSTOMERS/nobody/suspend | {} | 404 | not-found
        POST CUSTOMERS/acme/suspend | {"why":"x"} | 400 | /why | invalid_json
        POST CUSTOMERS/acme/suspend | {"reason":7} | 400 | /reason | invalid_json
        POST CUSTOMERS/nobody/resume | | 404 | not-found
        PUT CUSTOMERS/acme/parent | {} | 400 | /parent | required
        PUT CUSTOMERS/acme/parent | {"parent":"nobody"} | 400 | /parent | unknown_customer
        PUT CUSTOMERS/acme/parent | {"parent":"acme"} | 409 | conflict | /parent | circle
        PUT CUSTOMERS/acme/parent | {"parent":null,"effectiveFrom":"2020-01-01T00:00:00Z"} | 400 | /effectiveFrom | time_in_the_past
        PUT CUSTOMERS/acme/parent | {"parent":null,"effectiveFrom":"soon"} | 400 | /effectiveFrom | invalid_json
        PUT CUSTOMERS/nobody/parent | {"parent":null} | 404 | not-found
        GET CUSTOMERS/acme/parent?at=now | | 400 | ?at | invalid_time
        GET CUSTOMERS/acme/children?depth=9 | | 400 | ?depth | out_of_range
        GET CUSTOMERS/acme/children?at=now | | 400 | ?at | invalid_time
        GET CUSTOMERS/nobody/children | | 404 | not-found
        GET CUSTOMERS/nobody/placements | | 404 | not-found
        POST CUSTOMERS/acme/credentials | {} | 400 | /name | required
        POST CUSTOMERS/acme/credentials | {"name":""} | 400 | /name | out_of_range
        POST CUSTOMERS/acme/credentials | {"name":"x","features":[]} | 400 | /features | out_of_range
        POST CUSTOMERS/acme/credentials | {"name":"x","features":["summarize","nothing"]} | 400 | /features/1 | unknown_feature
        POST CUSTOMERS/acme/credentials | {"name":"x","features":["summarize","summarize"]} | 400 | /features/1 | duplicate
        POST CUSTOMERS/acme/credentials | {"name":"x","features":[null]} | 400 | /features/0 | unknown_feature
        POST CUSTOMERS/acme/credentials | {"name":"x","expiresAt":"2020-01-01T00:00:00Z"} | 400 | /expiresAt | time_in_the_past
        POST CUSTOMERS/acme/credentials | {"name":"x","agent":"nobody"} | 400 | /agent | unknown_customer
        POST CUSTOMERS/acme/credentials | {"name":"x","application":"acme"} | 400 | /application | wrong_level
        POST CUSTOMERS/nobody/credentials | {"name":"x"} | 404 | not-found
        GET CUSTOMERS/acme/credentials?status=good | | 400 | ?status | unknown_value
        DELETE CUSTOMERS/acme/credentials/none | | 404 | not-found
        POST CUSTOMERS/acme/credentials/none/rotate | {} | 404 | not-found
        POST CUSTOMERS/acme/credentials/none/rotate | {"overlap":"P1M"} | 400 | /overlap | invalid_duration
        POST CUSTOMERS/acme/credentials/none/rotate | {"overlap":"P31D"} | 400 | /overlap | invalid_duration
        """;

    [Fact]
    public async Task Every_bad_request_is_told_what_is_wrong_with_it()
    {
        await using var host = await Shop.OpenAsync();
        await Some.CustomerAsync(host, "acme");

        var table = Table
            .Replace("CUSTOMERS", "/api/v1/customers", StringComparison.Ordinal)
            .Replace("TAKEN", "already-exists", StringComparison.Ordinal)
            .Replace("| 400 |", "| 400 | invalid-request |", StringComparison.Ordinal);
        var wrong = await BadInput.RunAsync(host.Client, table);
        Assert.True(wrong.Length == 0, wrong);
    }
}
