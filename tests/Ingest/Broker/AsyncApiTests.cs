using System.Text;
using System.Text.Json.Nodes;
using Metering.Ingest.Broker;
using Metering.Ingest.Events;
using Metering.Testing;
using NodaTime;
using Xunit;

namespace Metering.Ingest.Tests.Broker;

/// <summary><c>schemas/asyncapi.v1.json</c> says what the code does.</summary>
public sealed class AsyncApiTests
{
    private static readonly JsonNode Document = Load("asyncapi.v1.json");

    [Fact]
    public void The_document_names_the_exchange_the_queue_and_the_header_as_the_code_does()
    {
        var exchange = Document["channels"]!["usage"]!;
        var queue = Document["channels"]!["ingest"]!;

        Assert.Equal("3.0.0", (string)Document["asyncapi"]!);
        Assert.Equal(UsageWire.RoutingKey, (string)exchange["address"]!);
        Assert.Equal(UsageWire.ExchangeName, (string)exchange["bindings"]!["amqp"]!["exchange"]!["name"]!);
        Assert.Equal(UsageWire.QueueName, (string)queue["address"]!);
        Assert.Equal(UsageWire.QueueName, (string)queue["bindings"]!["amqp"]!["queue"]!["name"]!);
        var headers = Document["components"]!["schemas"]!["headers"]!["properties"]!.AsObject();
        Assert.Equal([UsageWire.ReceivedAtHeader], headers.Select(item => item.Key));
    }

    [Fact]
    public void Messages_are_events_of_the_published_schema_within_the_bounds_of_the_code()
    {
        var single = Document["components"]!["messages"]!["event"]!;
        var batch = Document["components"]!["messages"]!["events"]!;

        Assert.Equal(EventBatchForm.Single, UsageWire.FormOf((string)single["contentType"]!));
        Assert.Equal(EventBatchForm.Array, UsageWire.FormOf((string)batch["contentType"]!));
        Assert.Equal("event.v1.json", (string)single["payload"]!["schema"]!["$ref"]!);
        Assert.Equal("event.v1.json", (string)batch["payload"]!["schema"]!["items"]!["$ref"]!);
        Assert.Equal(EventLimits.MaxEventsPerRequest, (int)batch["payload"]!["schema"]!["maxItems"]!);
        foreach (var message in new[] { single, batch })
        {
            Assert.Contains($"{EventLimits.MaxBodyBytes} bytes", (string)message["description"]!, StringComparison.Ordinal);
        }

        var example = Encoding.UTF8.GetBytes(single["examples"]![0]!["payload"]!.ToJsonString());
        Assert.True(CloudEventReader.Read(example, EventBatchForm.Single, Instant.FromUtc(2026, 1, 15, 9, 0)).IsWellFormed);
    }

    [Fact]
    public void The_published_schema_of_an_event_has_the_bounds_and_the_required_attributes_of_the_code()
    {
        var schema = Load("event.v1.json");
        int Max(string name) => (int)schema["properties"]![name]!["maxLength"]!;

        Assert.Equal(
            (EventLimits.MaxIdLength, EventLimits.MaxSourceLength, EventLimits.MaxTypeLength, EventLimits.MaxSubjectLength),
            (Max("id"), Max("source"), Max("type"), Max("subject")));
        var missing = CloudEventReader.Check("{}"u8.ToArray(), EventBatchForm.Single).Malformed.Single().Errors.Select(error => error.Pointer[1..]);
        Assert.Equal(schema["required"]!.AsArray().Select(name => (string)name!).Order(), missing.Order());
    }

    [Fact]
    public void Every_reference_within_the_document_leads_somewhere()
    {
        foreach (var reference in ReferencesOf(Document))
        {
            var found = reference.StartsWith("#/", StringComparison.Ordinal)
                ? reference[2..].Split('/').Aggregate((JsonNode?)Document, (node, name) => node?[name])
                : Load(reference);
            Assert.True(found is not null, reference);
        }
    }

    private static IEnumerable<string> ReferencesOf(JsonNode? node) => node switch
    {
        JsonObject item => item.SelectMany(member => member.Key == "$ref" ? [(string)member.Value!] : ReferencesOf(member.Value)),
        JsonArray items => items.SelectMany(ReferencesOf),
        _ => [],
    };

    private static JsonNode Load(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "schemas", file)))!;
}
