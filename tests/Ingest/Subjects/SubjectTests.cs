using System.Net;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Subjects;

public sealed class SubjectTests
{
    private const string Path = "/api/v1/subjects";

    [Fact]
    public async Task What_is_not_sent_stays_and_what_is_null_goes()
    {
        await using var host = await TestHost.StartAsync();
        var made = await UpsertAsync(host, """[{"key":"acme","displayName":"Acme","metadata":{"tier":{"level":2}},"stripeCustomerId":"cus_1"}]""");

        var renamed = await UpsertAsync(host, """[{"key":"acme","displayName":"Acme Ltd"}]""");
        var emptied = await UpsertAsync(host, """[{"key":"acme","displayName":null,"metadata":null}]""");

        Assert.Equal((string?)made["id"], (string?)renamed["id"]);
        Assert.Equal(("Acme Ltd", "cus_1"), ((string?)renamed["displayName"], (string?)renamed["stripeCustomerId"]));
        Assert.Equal("""{"tier":{"level":2}}""", renamed["metadata"]!.ToJsonString());
        Assert.Equal((null, null, "cus_1"), ((string?)emptied["displayName"], emptied["metadata"], (string?)emptied["stripeCustomerId"]));
    }

    [Fact]
    public async Task A_deleted_subject_is_gone_and_its_key_free_again()
    {
        await using var host = await TestHost.StartAsync();
        var first = await UpsertAsync(host, """[{"key":"acme"},{"key":"beta"}]""");

        Assert.Equal(HttpStatusCode.NoContent, (await host.Client.DeleteAsync($"{Path}/{first["id"]}")).StatusCode);

        await host.GetAsync($"{Path}/acme", 404);
        await host.GetAsync($"{Path}/{first["id"]}", 404);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.DeleteAsync($"{Path}/acme")).StatusCode);
        Assert.Equal(["beta"], (await host.GetAsync(Path)).AsArray().Select(subject => (string)subject!["key"]!));
        Assert.NotEqual((string?)first["id"], (string?)(await UpsertAsync(host, """[{"key":"acme"}]"""))["id"]);
    }

    [Fact]
    public async Task A_delete_of_what_has_changed_meanwhile_is_refused()
    {
        await using var host = await TestHost.StartAsync();
        await UpsertAsync(host, """[{"key":"acme"}]""");
        using var read = await host.Client.GetAsync($"{Path}/acme");
        await UpsertAsync(host, """[{"key":"acme","displayName":"Acme"}]""");
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"{Path}/acme");
        request.Headers.TryAddWithoutValidation("If-Match", read.Headers.ETag!.Tag);

        using var answer = await host.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.PreconditionFailed, answer.StatusCode);
    }

    [Fact]
    public async Task What_can_not_be_kept_names_the_field()
    {
        await using var host = await TestHost.StartAsync();
        const string Table = """
            [{"key":"a"},{"key":""}]               /1/key invalid_value
            [{"key":"a"},{"key":"a"}]              /1/key duplicate
            [{"displayName":"a"}]                  /0/key required
            [null]                                 /0 invalid_type
            [{"key":"a","displayName":7}]          /0/displayName invalid_value
            [{"key":"a","metadata":["x"]}]         /0/metadata invalid_value
            [{"key":"a","metadata":{"x":"\u0000"}}] /0/metadata invalid_value
            [{"key":"a","colour":"red"}]           /0/colour invalid_json
            """;

        foreach (var row in Table.Split('\n', StringSplitOptions.TrimEntries))
        {
            var cells = row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var problem = await host.PostAsync(Path, JsonNode.Parse(cells[0])!, 400);
            Assert.Equal($"{cells[0]} {cells[1]} {cells[2]}", $"{cells[0]} {problem["errors"]![0]!["pointer"]} {problem["errors"]![0]!["code"]}");
        }
    }

    private static async Task<JsonNode> UpsertAsync(TestHost host, string subjects) =>
        (await host.PostAsync(Path, JsonNode.Parse(subjects)!, 200))[0]!;
}
