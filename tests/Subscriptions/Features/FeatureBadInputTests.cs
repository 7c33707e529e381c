using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Features;

public sealed class FeatureBadInputTests
{
    // FEATURES stands for the path, GOOD for the fields of a good body, ADVANCED and PLAIN for the names of filters; 400 is invalid-request.
    // request | body | status | problem | pointer | code
    private const string Table = """
        POST FEATURES | {"key":"x"} | 400 | /name | required
        POST FEATURES | {"key":"X","name":"x"} | 400 | /key | invalid_key
        POST FEATURES | {"key":"x","name":"x","meterSlug":"nothing"} | 400 | /meterSlug | unknown_meter
        POST FEATURES | {"key":"x","name":"x","ADVANCED":{"model":{"$eq":"a"}}} | 400 | /ADVANCED | feature_without_meter
        POST FEATURES | {GOOD,"ADVANCED":{"colour":{"$eq":"a"}}} | 400 | /ADVANCED/colour | unknown_value
        POST FEATURES | {GOOD,"ADVANCED":{"model":{}}} | 400 | /ADVANCED/model | required
        POST FEATURES | {GOOD,"ADVANCED":{"model":{"$near":"a"}}} | 400 | /ADVANCED/model/$near | invalid_json
        POST FEATURES | {GOOD,"ADVANCED":{"model":{"$in":[]}}} | 400 | /ADVANCED/model/$in | invalid_value
        POST FEATURES | {GOOD,"ADVANCED":{"model":null}} | 400 | /ADVANCED/model | required
        POST FEATURES | {GOOD,"PLAIN":{"model":"a"},"ADVANCED":{}} | 400 | /PLAIN | one_of
        POST FEATURES | {GOOD,"PLAIN":{"colour":"a"}} | 400 | /PLAIN/colour | unknown_value
        POST FEATURES | {"key":"x","name":"x","unitCost":{"type":"llm","model":"gpt"}} | 400 | /unitCost/model | invalid_json
        POST FEATURES | {"key":"x","name":"x","unitCost":{"type":"llm"}} | 400 | /unitCost/type | not_supported
        POST FEATURES | {"key":"x","name":"x","unitCost":{"type":"manual"}} | 400 | /unitCost/amount | required
        POST FEATURES | {"key":"x","name":"x","unitCost":{"type":"manual","amount":"-1"}} | 400 | /unitCost/amount | negative
        POST FEATURES | {"key":"x","name":"x","unitCost":{"type":"manual","amount":"much"}} | 400 | /unitCost/amount | invalid_json
        POST FEATURES | {"key":"summarize","name":"x"} | 409 | already-exists | /key | taken
        GET FEATURES?orderBy=colour | | 400 | ?orderBy | unknown_value
        GET FEATURES?order=asc | | 400 | ?order | unknown_value
        GET FEATURES?limit=0 | | 400 | ?limit | out_of_range
        GET FEATURES?offset=-1 | | 400 | ?offset | out_of_range
        GET FEATURES?page=0 | | 400 | ?page | out_of_range
        GET FEATURES/nothing | | 404 | not-found
        DELETE FEATURES/nothing | | 404 | not-found
        """;

    [Fact]
    public async Task Every_bad_request_is_told_what_is_wrong_with_it()
    {
        await using var host = await Shop.OpenAsync();

        var table = Table
            .Replace("FEATURES", "/api/v1/features", StringComparison.Ordinal)
            .Replace("GOOD", """ "key":"x","name":"x","meterSlug":"requests" """, StringComparison.Ordinal)
            .Replace("ADVANCED", "advancedMeterGroupByFilters", StringComparison.Ordinal)
            .Replace("PLAIN", "meterGroupByFilters", StringComparison.Ordinal)
            .Replace("| 400 |", "| 400 | invalid-request |", StringComparison.Ordinal);
        var wrong = await BadInput.RunAsync(host.Client, table);

        Assert.True(wrong.Length == 0, wrong);
    }
}
