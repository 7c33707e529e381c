using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Metering.Testing;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Metering.Scenarios.Documented;

/// <summary>
/// <c>/api/openapi.json</c> is made from the routes; here is what it has to say of each, and that the committed copy says the same.
/// </summary>
public sealed class ApiDocumentTests : IAsyncLifetime
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private TestHost host = null!;
    private JsonObject document = null!;

    public async ValueTask InitializeAsync()
    {
        host = await TestHost.StartAsync();
        document = (await host.GetAsync("/api/openapi.json")).AsObject();
    }

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task The_committed_document_is_what_the_routes_say()
    {
        var path = Path.Combine(Repository.Root, "schemas", "openapi.v1.json");
        var actual = document.ToJsonString(Indented).ReplaceLineEndings("\n") + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(path, actual);
            return;
        }

        var committed = File.Exists(path) ? await File.ReadAllTextAsync(path) : "";
        Assert.True(committed == actual, $"{path} is not what the routes say; run with UPDATE_GOLDEN=1.");
    }

    [Fact]
    public void Every_operation_has_a_name_a_summary_a_tag_a_scope_and_a_success()
    {
        var findings = new List<string>();
        foreach (var operation in ApiOperation.AllOf(document))
        {
            findings.AddRange(
                from fact in new (string Name, bool Holds)[]
                {
                    ("an operationId (.WithName)", operation.Content["operationId"] is not null),
                    ("a summary (.WithSummary)", operation.Content["summary"] is not null),
                    ("a tag", operation.Content["tags"] is JsonArray { Count: > 0 }),
                    ("a scope (.RequireScope)", operation.Content["x-scope"] is not null || operation.Content["security"] is not null),
                    ("a documented success (.Produces)", !operation.Successes.IsEmpty),
                }
                where !fact.Holds
                select $"{operation.Method} {operation.Path} lacks {fact.Name}");
        }

        Assert.True(findings.Count == 0, string.Join('\n', findings));
    }

    [Fact]
    public void Every_reference_leads_somewhere()
    {
        var references = new List<string>();
        Collect(document, references);
        Assert.NotEmpty(references);
        Assert.All(references, reference => Assert.NotNull(Schemas.Resolve(document, reference)));
    }

    [Fact]
    public void Every_field_of_every_schema_says_its_type()
    {
        var untyped =
            from schema in document["components"]!["schemas"]!.AsObject()
            from field in schema.Value!["properties"] as JsonObject ?? []
            where !(field.Value is JsonObject described && (described.Any(keyword => keyword.Key is "type" or "$ref" or "oneOf" or "enum")
                || (string?)described["description"] == "JSON of any shape."))
            select $"{schema.Key}.{field.Key}";
        Assert.Empty(untyped);
    }

    /// <summary>Otherwise a request may name it, nothing comes of that, and nobody says so.</summary>
    [Fact]
    public void A_request_has_no_field_that_can_only_be_read()
    {
        var options = host.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        var bodies = host.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Select(endpoint => endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType).OfType<Type>();
        var seen = new HashSet<Type>();
        var waiting = new Queue<Type>(bodies);
        var findings = new List<string>();
        while (waiting.TryDequeue(out var next))
        {
            var info = options.GetTypeInfo(Nullable.GetUnderlyingType(next) ?? next);
            if (!seen.Add(info.Type))
            {
                continue;
            }

            findings.AddRange(
                from property in info.Properties
                where property is { Get: not null, Set: null, AssociatedParameter: null }
                select $"{info.Type}.{property.Name} needs [JsonIgnore]");
            var fields = info.Properties.Where(property => property.Get is not null).Select(property => property.PropertyType);
            foreach (var reached in fields.Append(info.ElementType).OfType<Type>())
            {
                waiting.Enqueue(reached);
            }
        }

        Assert.True(seen.Count > 20, "Hardly any request has a body.");
        Assert.Empty(findings);
    }

    [Fact]
    public async Task An_operation_of_OpenMeter_has_its_name_there()
    {
        var contract = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "Conformance", "operations.json")))!;
        var names = contract.AsArray().ToDictionary(
            operation => Shape((string)operation!["method"]!, (string)operation["path"]!), operation => (string)operation!["operationId"]!);
        var compared = ApiOperation.AllOf(document).Where(operation => names.ContainsKey(Shape(operation.Method, operation.Path))).ToArray();

        Assert.True(compared.Length > 20, $"Only {compared.Length} operations were found in OpenMeter's contract.");
        Assert.Empty(
            from operation in compared
            let theirs = names[Shape(operation.Method, operation.Path)]
            where operation.Id != theirs
            select $"{operation.Method} {operation.Path} is '{operation.Id}' here and '{theirs}' there");
    }

    [Fact]
    public async Task The_explorer_shows_every_operation_and_loads_nothing_from_elsewhere()
    {
        using var anonymous = new HttpClient { BaseAddress = host.Url };
        using var response = await anonymous.GetAsync("/api/explorer");
        var html = await response.Content.ReadAsStringAsync();
        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        var shown = Regex.Matches(html, "<details class=\"operation\" id=\"([^\"]+)\"").Select(match => match.Groups[1].Value);
        Assert.Equal(ApiOperation.AllOf(document).Select(operation => operation.Id).Order(), shown.Order());
        Assert.DoesNotContain("src=\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"http", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bare_address_leads_to_the_explorer()
    {
        using var anonymous = new HttpClient { BaseAddress = host.Url };
        using var response = await anonymous.GetAsync("/");
        Assert.Equal("/api/explorer", response.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.Contains("<h1>Metering API</h1>", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Method and path without the names of its parameters.</summary>
    private static string Shape(string method, string path) => method.ToUpperInvariant() + " "
        + string.Join('/', path.Split('/').Select(segment => segment.StartsWith('{') ? "{}" : segment));

    private static void Collect(JsonNode? node, List<string> references)
    {
        if (node is JsonObject fields)
        {
            foreach (var (name, value) in fields)
            {
                if (name == "$ref")
                {
                    references.Add(value!.GetValue<string>());
                }
                else if (name != "example")
                {
                    Collect(value, references);
                }
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
            {
                Collect(item, references);
            }
        }
    }
}
