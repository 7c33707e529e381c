using System.Text;
using Metering.Ingest.Events;
using NodaTime;
using Xunit;

namespace Metering.Ingest.Tests.Events;

/// <summary>What is stored was hashed like this: none of these values may change without what is stored being changed with it (0017).</summary>
public sealed class EventIdentityTests
{
    private static readonly Instant Received = Instant.FromUtc(2026, 1, 15, 9, 0);

    [Theory]
    [InlineData("gateway", "1", "5d5c6c41-859a-072b-78b7-6591dbe6ada6")]
    [InlineData("gateway/1", "019bbf0c-3a00-7abc-8def-0123456789ab", "019bbf0c-3a00-8421-3db6-127bd73a0878")]
    [InlineData("gateway/1", "01KEZGRBG0E6GXPZ9N8PFK2V4D", "019bbf0c-2e00-9fcf-295a-2593e0e85667")]
    [InlineData("gatewäy", "ü019bbf0c-3a00-4abc-8def-0123456789ab", "908c324b-e03d-dcee-8c5b-ecf2bcb62b3f")]
    public void The_key_of_an_event_is_the_hash_of_its_source_and_id_with_the_time_of_the_id_in_front(string source, string id, string key)
    {
        var read = Read($$"""{"specversion":"1.0","id":"{{id}}","source":"{{source}}","type":"prompt","subject":"acme"}""");

        Assert.Equal(Guid.Parse(key), read.Key);
        Assert.Equal(Guid.Parse(key), EventIdentity.Key(source, id));
    }

    [Theory]
    [InlineData("""{"specversion":"1.0","id":"1","source":"gateway","type":"prompt","subject":"acme"}""", "27c92826-c623-8e33-52bb-51aefd25d78f")]
    [InlineData(
        """
        {"specversion":"1.0","id":"1","source":"gateway","type":"prompt","subject":"acm\u00e9","time":"2026-01-14T10:00:00.123456Z",
         "data": { "tokens" : 1,
                   "m" : "a b" } }
        """,
        "853f92da-0301-cb31-050d-57beadd5c96d")]
    [InlineData(
        """
        {"id":"1","datacontenttype":"application/json","data":{"tokens":1,"m":"a b"},"source":"gateway","t\u0079pe":"\u0070rompt","subject":"acmé",
         "specversion":"1.0","traceparent":"00-1","time":"2026-01-14T11:00:00.123456+01:00"}
        """,
        "853f92da-0301-cb31-050d-57beadd5c96d")]
    public void The_payload_hash_is_of_the_content_however_it_is_laid_out(string json, string hash) =>
        Assert.Equal(Guid.Parse(hash), Read(json).PayloadHash);

    [Fact]
    public void Extension_attributes_are_kept_as_they_came_and_those_of_one_event_are_not_those_of_the_next()
    {
        var events = CloudEventReader.Read(
            Encoding.UTF8.GetBytes("""
                [{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"a","seq":7,"flag":true,"trace":"\u00e9\n"},
                 {"specversion":"1.0","id":"2","source":"s","type":"t","subject":"a"},
                 {"specversion":"1.0","id":"3","source":"s","type":"t","subject":"a","datacontenttype":"application/json; charset=utf-8"}]
                """),
            EventBatchForm.Array, Received).Events;

        Assert.Equal(
            ["""{"seq":7,"flag":true,"trace":"\u00E9\n"}""", null, """{"datacontenttype":"application/json; charset=utf-8"}"""],
            events.Select(item => item.Extensions));
    }

    [Fact]
    public void Checking_finds_what_reading_finds_and_makes_no_events()
    {
        var body = Encoding.UTF8.GetBytes("""
            [{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"a","data":{"a":1},"x":"y"}, {"id":7,"time":"never","data":[]}, 3,
             {"specversion":"1.0","id":"2","source":"s","type":"t","subject":"a","ext":{}}]
            """);

        var read = CloudEventReader.Read(body, EventBatchForm.Array, Received);
        var check = CloudEventReader.Check(body, EventBatchForm.Array);

        Assert.Equal(4, check.Count);
        Assert.Empty(check.Events);
        Assert.Single(read.Events);
        Assert.False(check.IsWellFormed);
        Assert.Equal(read.Malformed.SelectMany(item => item.Errors), check.Malformed.SelectMany(item => item.Errors));
    }

    private static UsageEvent Read(string json) =>
        Assert.Single(CloudEventReader.Read(Encoding.UTF8.GetBytes(json), EventBatchForm.Single, Received).Events);
}
