using System.Net;
using System.Text.Json.Nodes;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Metering.Platform.Tests.Auditing;

public sealed class AuditTrailTests : IAsyncLifetime
{
    private TestHost host = null!;

    public async ValueTask InitializeAsync() => host = await TestHost.StartAsync();

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task An_entry_says_who_changed_what_from_what_to_what()
    {
        var created = await host.PostAsync("/api/v1/api-keys", JsonNode.Parse("""{"name":"Paula","role":"product-manager"}""")!);
        using var paula = host.ClientWith((string)created["key"]!);
        var customer = await ReadAsync(await SendAsync(paula, HttpMethod.Post, "/api/v1/customers", """{"name":"Acme","key":"acme"}"""));
        await host.AdvanceToAsync("2026-01-16T09:00:00Z");
        await SendAsync(paula, HttpMethod.Put, "/api/v1/customers/acme", """{"name":"Acme Ltd","key":"acme"}""");

        var entries = await EntriesAsync($"?resourceType=customer&resourceId={customer["id"]}");
        Assert.Equal(["customer.replace", "customer.create"], entries.Select(entry => (string)entry!["action"]!));
        var replaced = entries[0]!;
        Assert.Equal("2026-01-16T09:00:00Z", (string)replaced["at"]!);
        Assert.Equal("Acme", (string)replaced["before"]!["name"]!);
        Assert.Equal("Acme Ltd", (string)replaced["after"]!["name"]!);
        Assert.Equal("api_key", (string)replaced["actor"]!["kind"]!);
        Assert.Equal((string)created["id"]!, (string)replaced["actor"]!["id"]!);
        Assert.Equal("Paula", (string)replaced["actor"]!["name"]!);
        Assert.Equal("product-manager", (string)replaced["actor"]!["role"]!);
        Assert.Matches("^[0-9a-f]{32}$", (string)replaced["traceId"]!);
        Assert.Null(entries[1]!["before"]);
    }

    [Fact]
    public async Task What_the_server_does_by_itself_is_done_by_the_system()
    {
        var entries = await EntriesAsync("?actor=system");
        Assert.Equal(["api_key.create", "api_key.create"], entries.Select(entry => (string)entry!["action"]!));
    }

    [Fact]
    public async Task A_request_that_is_refused_leaves_no_entry()
    {
        await SendAsync(host.Client, HttpMethod.Post, "/api/v1/customers", """{"name":""}""");
        await SendAsync(host.Client, HttpMethod.Delete, "/api/v1/customers/nobody", null);
        Assert.Empty(await EntriesAsync("?resourceType=customer"));
    }

    [Fact]
    public async Task The_list_is_read_by_cursor_while_entries_are_added()
    {
        foreach (var name in new[] { "one", "two", "three" })
        {
            await host.PostAsync("/api/v1/customers", new JsonObject { ["name"] = name });
        }

        var first = await host.GetAsync("/api/v1/audit?resourceType=customer&limit=2");
        await host.PostAsync("/api/v1/customers", new JsonObject { ["name"] = "four" });
        var second = await host.GetAsync($"/api/v1/audit?resourceType=customer&limit=2&cursor={first["nextCursor"]}");

        Assert.Equal(["three", "two"], NamesOf(first));
        Assert.Equal(["one"], NamesOf(second));
        Assert.Null(second["nextCursor"]);
    }

    [Fact]
    public async Task From_is_inclusive_and_to_is_exclusive()
    {
        await host.PostAsync("/api/v1/customers", new JsonObject { ["name"] = "early" });
        await host.AdvanceToAsync("2026-01-16T09:00:00Z");
        await host.PostAsync("/api/v1/customers", new JsonObject { ["name"] = "late" });

        Assert.Equal(["late"], NamesOf(await host.GetAsync("/api/v1/audit?action=customer.create&from=2026-01-16T09:00:00Z")));
        Assert.Equal(["early"], NamesOf(await host.GetAsync("/api/v1/audit?action=customer.create&to=2026-01-16T09:00:00Z")));
    }

    [Fact]
    public async Task A_parameter_that_can_not_be_read_is_named()
    {
        string[] queries =
            ["cursor=nonsense", "cursor=bm9uc2Vuc2U", "limit=0", "limit=1001", "limit=few", "from=yesterday", "to=2026"];
        foreach (var query in queries)
        {
            var problem = await host.GetAsync($"/api/v1/audit?{query}", 400);
            Assert.Equal($"?{query[..query.IndexOf('=', StringComparison.Ordinal)]}", (string)problem["errors"]![0]!["pointer"]!);
        }
    }

    [Fact]
    public async Task Only_an_admin_reads_it()
    {
        var finance = await host.PostAsync("/api/v1/api-keys", JsonNode.Parse("""{"name":"Fin","role":"finance"}""")!);
        using var client = host.ClientWith((string)finance["key"]!);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync("/api/v1/audit")).StatusCode);
    }

    [Fact]
    public async Task The_database_refuses_to_change_what_was_written()
    {
        var database = host.Services.GetRequiredService<MeteringDatabase>();
        await using var session = await database.OpenAsync(CancellationToken.None);
        string[] changes =
        [
            "update platform.audit_entry set actor_name = 'nobody'", "delete from platform.audit_entry", "truncate platform.audit_entry",
        ];
        foreach (var sql in changes)
        {
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => session.ExecuteAsync(sql, null, CancellationToken.None));
            Assert.Contains("append-only", refusal.MessageText, StringComparison.Ordinal);
        }
    }

    private static IEnumerable<string> NamesOf(JsonNode page) => page["items"]!.AsArray().Select(item => (string)item!["after"]!["name"]!);

    private async Task<JsonArray> EntriesAsync(string query) => (await host.GetAsync("/api/v1/audit" + query))["items"]!.AsArray();

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : new StringContent(body, null, "application/json");
        return await client.SendAsync(request);
    }
}
