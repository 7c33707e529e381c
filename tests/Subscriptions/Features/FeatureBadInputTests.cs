using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Features;

public sealed class FeatureBadInputTests
{
    // request | body | status | problem | pointer | code
    private const string Table = """
        POST /api/v1/features | {"key":"x"} | 400 | invalid-request | /name | required
        POST /api/v1/features | {"key":"X","name":"x"} | 400 | invalid-request | /key | invalid_key
        POST /api/v1/features | {"key":"x","name":"x","meterSlug":"nothing"} | 400 | invalid-request | /meterSlug | unknown_meter
        POST /api/v1/features | {"key":"x","name":"x","advancedMeterGroupByFilters":{"model":{"$eq":"a"}}} | 400 | invalid-request | /advancedMeterGroupByFilters | feature_without_meter
        POST /api/v1/features | {"key":"x","name":"x","meterSlug":"requests","advancedMeterGroupByFilters":{"colour":{"$eq":"a"}}} | 400 | invalid-request | /advancedMeterGroupByFilters/colour | unknown_value
        POST /api/v1/features | {"key":"x","name":"x","meterSlug":"requests","advancedMeterGroupByFilters":{"model":{}}} | 400 | invalid-request | /advancedMeterGroupByFilters/model | required
        POST /api/v1/features | {"key":"x","name":"x","meterSlug":"requests","advancedMeterGroupByFilters":{"model":{"$near":"a"}}} | 400 | invalid-request | /advancedMeterGroupByFilters/model/$near | invalid_json
        POST /api/v1/features | {"key":"x","name":"x","meterSlug":"requests","advancedMeterGroupByFilters":{"model":{"$in":[]}}} | 400 | invalid-request | /advancedMeterGroupByFilters/model/$in | invalid_value
        POST /api/v1/features | {"key":"x","name":"x","meterSlug":"requests","advancedMeterGroupByFilters":{"model":null}} | 400 | invalid-request | /advancedMeterGroupByFilters/model | required
        POST /api/v1/features | {"key":"x","name":"x","meterSlug":"requests","meterGroupByFilters":{"model":"a"},"advancedMeterGroupByFilters":{}} | 400 | invalid-request | /meterGroupByFilters | one_of
        POST /api/v1/features | {"key":"x","name":"x","meterSlug":"requests","meterGroupByFilters":{"colour":"a"}} | 400 | invalid-request | /meterGroupByFilters/colour | unknown_value
        POST /api/v1/features | {"key":"x","name":"x","unitCost":{"type":"llm","model":"gpt"}} | 400 | invalid-request | /unitCost/model | invalid_json
        POST /api/v1/features | {"key":"x","name":"x","unitCost":{"type":"llm"}} | 400 | invalid-request | /unitCost/type | not_supported
        POST /api/v1/features | {"key":"x","name":"x","unitCost":{"type":"manual"}} | 400 | invalid-request | /unitCost/amount | required
        POST /api/v1/features | {"key":"x","name":"x","unitCost":{"type":"manual","amount":"-1"}} | 400 | invalid-request | /unitCost/amount | negative
        POST /api/v1/features | {"key":"x","name":"x","unitCost":{"type":"manual","amount":"much"}} | 400 | invalid-request | /unitCost/amount | invalid_json
        POST /api/v1/features | {"key":"summarize","name":"x"} | 409 | already-exists | /key | taken
        GET /api/v1/features?orderBy=colour | | 400 | invalid-request | ?orderBy | unknown_value
        GET /api/v1/features?order=asc | | 400 | invalid-request | ?order | unknown_value
        GET /api/v1/features?limit=0 | | 400 | invalid-request | ?limit | out_of_range
        GET /api/v1/features?offset=-1 | | 400 | invalid-request | ?offset | out_of_range
        GET /api/v1/features?page=0 | | 400 | invalid-request | ?page | out_of_range
        GET /api/v1/features/nothing | | 404 | not-found
        DELETE /api/v1/features/nothing | | 404 | not-found
        """;

    [Fact]
    public async Task Every_bad_request_is_told_what_is_wrong_with_it()
    {
        await using var host = await Shop.OpenAsync();

        var wrong = await BadInput.RunAsync(host.Client, Table);

        Assert.True(wrong.Length == 0, wrong);
    }
}
