using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Platform.OpenApi;
using Metering.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Scenarios.Documented;

/// <summary>
/// Every example of a request is sent to a Host, after the examples of what it needs: what its path names, and what it says itself. The
/// answer has to be the documented success, in the documented shape.
/// </summary>
public sealed class ExampleTests
{
    /// <summary>What no other operation's example brings about.</summary>
    private static readonly ImmutableDictionary<string, Func<TestHost, Task>> Seeds =
        ImmutableDictionary<string, Func<TestHost, Task>>.Empty;

    /// <summary>What a parameter names is made by an operation that posts elsewhere.</summary>
    private static readonly ImmutableDictionary<string, string> MadeElsewhere =
        ImmutableDictionary<string, string>.Empty
            .Add("/api/billing/customers", "createCustomer")
            .Add("/api/v3/openmeter/customers", "createCustomer");

    [Fact]
    public async Task Every_example_of_a_request_is_answered_as_documented()
    {
        JsonObject document;
        ImmutableDictionary<string, ImmutableArray<string>> givens;
        await using (var first = await TestHost.StartAsync())
        {
            document = (await first.GetAsync("/api/openapi.json")).AsObject();
            givens = GivensOf(first);
        }

        var operations = ApiOperation.AllOf(document).ToImmutableDictionary(operation => operation.Id, StringComparer.Ordinal);
        var examples = operations.Values.Where(operation => operation.Example is not null).OrderBy(operation => operation.Id, StringComparer.Ordinal);
        var findings = new List<string>();
        var sent = 0;
        await using var shared = await TestHost.StartAsync();
        var story = new ExampleRun(shared, document, operations, givens);
        foreach (var operation in examples)
        {
            sent++;
            if (!Seeds.ContainsKey(operation.Id) && await story.SendAsync(operation.Id))
            {
                continue;
            }

            // Another example may have ended what this one needs: a Host of its own has the last word.
            await using var host = await TestHost.StartAsync();
            await Seeds.GetValueOrDefault(operation.Id, _ => Task.CompletedTask)(host);
            var run = new ExampleRun(host, document, operations, givens);
            await run.SendAsync(operation.Id);
            findings.AddRange(run.Findings);
        }

        Assert.True(findings.Count == 0, string.Join('\n', findings.Distinct()));
        Assert.True(sent > 15, $"Only {sent} examples were found.");
    }

    private static ImmutableDictionary<string, ImmutableArray<string>> GivensOf(TestHost host) =>
        host.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Where(endpoint => endpoint.Metadata.GetMetadata<RequestExample>() is not null)
            .ToImmutableDictionary(
                endpoint => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName,
                endpoint => endpoint.Metadata.GetMetadata<RequestExample>()!.Given);

    /// <summary>One Host, and the answers it has given so far.</summary>
    private sealed class ExampleRun(
        TestHost host, JsonObject document, ImmutableDictionary<string, ApiOperation> operations,
        ImmutableDictionary<string, ImmutableArray<string>> givens)
    {
        private readonly Dictionary<string, JsonNode?> answers = new(StringComparer.Ordinal);

        public List<string> Findings { get; } = [];

        /// <returns>Whether this operation, and what it needs, is answered as documented.</returns>
        public async Task<bool> SendAsync(string id)
        {
            if (answers.ContainsKey(id))
            {
                return true;
            }

            var before = Findings.Count;

            if (!operations.TryGetValue(id, out var operation))
            {
                Findings.Add($"{id} is needed by an example and is no operation.");
                return false;
            }

            foreach (var given in givens.GetValueOrDefault(id, []))
            {
                await SendAsync(given);
            }

            using var request = new HttpRequestMessage(new HttpMethod(operation.Method), await PathOfAsync(operation.Path));
            if (operation.Example is var (type, body))
            {
                request.Content = new StringContent(Filled(body), Encoding.UTF8, type);
                var schema = operation.Content["requestBody"]!["content"]![type]!["schema"];
                Findings.AddRange(Schemas.Check(document, schema, body).Select(finding => $"{id} request {finding}"));
            }

            using var response = await host.Client.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            answers[id] = text.Length > 0 && response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonNode.Parse(text) : null;
            Check(operation, (int)response.StatusCode, text);
            return Findings.Count == before;
        }

        /// <summary><c>{createThing}</c> stands for the id that this operation has answered.</summary>
        private string Filled(JsonNode body) => answers.Aggregate(
            body.ToJsonString(),
            (text, answer) => text.Replace($"{{{answer.Key}}}", (string?)(answer.Value as JsonObject)?["id"], StringComparison.Ordinal));

        private void Check(ApiOperation operation, int status, string text)
        {
            if (!operation.Successes.Contains(status))
            {
                Findings.Add($"{operation.Id} answered {status}, documented is {string.Join(" or ", operation.Successes)}: {text}");
                return;
            }

            var schema = operation.Content["responses"]![$"{status}"]!["content"]?["application/json"]?["schema"];
            Findings.AddRange(Schemas.Check(document, schema, answers[operation.Id]).Select(finding => $"{operation.Id} answer {finding}"));
        }

        /// <summary>A parameter takes the id of what the operation that posts to the path before it has answered.</summary>
        private async Task<string> PathOfAsync(string path)
        {
            var filled = new StringBuilder();
            var pattern = "";
            foreach (var segment in path.Split('/').Skip(1))
            {
                if (segment.StartsWith('{'))
                {
                    var collection = Shape(pattern);
                    var creator = MadeElsewhere.TryGetValue(collection, out var elsewhere)
                        ? operations[elsewhere]
                        : operations.Values.FirstOrDefault(operation => operation.Method == "POST" && Shape(operation.Path) == collection);
                    if (creator is not null)
                    {
                        await SendAsync(creator.Id);
                    }

                    filled.Append('/').Append((string?)(creator is null ? null : answers.GetValueOrDefault(creator.Id)?["id"]) ?? "unknown");
                }
                else
                {
                    filled.Append('/').Append(segment);
                }

                pattern += "/" + segment;
            }

            return filled.ToString();
        }

        /// <summary>Without the names of parameters, and of any version: what one has created, another finds.</summary>
        private static string Shape(string path) =>
            string.Join('/', path.Split('/').Where(segment => segment is not ("v1" or "v2"))
                .Select(segment => segment.StartsWith('{') ? "{}" : segment));
    }
}
