using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Platform.Security;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Metering.Platform.Tests.Security;

public sealed class AccessTests : IAsyncLifetime
{
    private TestHost host = null!;

    public async ValueTask InitializeAsync() => host = await TestHost.StartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("GET", "/api/v1/api-keys", null, 401)]
    [InlineData("GET", "/api/v1/api-keys", "wrong-key-0123456789", 401)]
    [InlineData("GET", "/no/such/route", null, 401)]
    [InlineData("GET", "/no/such/route", TestHost.AdminKey, 404)]
    [InlineData("PATCH", "/api/v1/api-keys", TestHost.AdminKey, 405)]
    [InlineData("GET", "/api/v1/api-keys", TestHost.AdminKey, 200)]
    [InlineData("GET", "/health/live", null, 200)]
    [InlineData("GET", "/health/ready", null, 200)]
    public async Task A_route_answers_only_who_may_ask(string method, string path, string? key, int status)
    {
        using var client = new HttpClient { BaseAddress = host.Url };
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (key is not null)
        {
            request.Headers.Authorization = new("Bearer", key);
        }

        using var response = await client.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        if (status >= 400)
        {
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        }
    }

    [Fact]
    public async Task A_key_may_do_what_its_role_allows_until_it_is_revoked()
    {
        var created = await host.PostAsync("/api/v1/api-keys", new JsonObject { ["name"] = "books", ["role"] = "finance" });
        using var finance = host.ClientWith(created["key"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.Forbidden, (await finance.GetAsync("/api/v1/api-keys")).StatusCode);

        var unknown = host.ClientWith(created["key"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.NoContent, (await host.Client.DeleteAsync($"/api/v1/api-keys/{created["id"]}")).StatusCode);
        await Task.Delay(RecentApiKeys.Lifetime + TimeSpan.FromMilliseconds(200));
        Assert.Equal(HttpStatusCode.Unauthorized, (await unknown.GetAsync("/api/v1/api-keys")).StatusCode);
    }

    [Fact]
    public async Task A_secret_is_neither_stored_nor_listed()
    {
        var created = await host.PostAsync("/api/v1/api-keys", new JsonObject { ["name"] = "gw", ["role"] = "gateway" });
        var secret = created["key"]!.GetValue<string>();
        Assert.DoesNotContain(secret, (await host.GetAsync("/api/v1/api-keys")).ToJsonString());

        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select string_agg(k::text, ' ') from platform.api_key k", connection);
        Assert.DoesNotContain(secret, (string)(await command.ExecuteScalarAsync())!);
    }

    [Theory]
    [InlineData("""{"role":"finance"}""", "/name")]
    [InlineData("""{"name":"","role":"finance"}""", "/name")]
    [InlineData("""{"name":"x","role":"king"}""", "/role")]
    [InlineData("""{"name":"x","role":"finance","expiresAt":"2020-01-01T00:00:00Z"}""", "/expiresAt")]
    [InlineData("""{"name":"x","role":"finance","colour":"red"}""", "/colour")]
    [InlineData("""{"name":7,"role":"finance"}""", "/name")]
    public async Task A_bad_request_names_the_field(string body, string pointer)
    {
        using var response = await host.Client.PostAsync("/api/v1/api-keys", new StringContent(body, null, "application/json"));
        var problem = (await response.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal("urn:metering:problem:invalid-request", problem["type"]!.GetValue<string>());
        Assert.Equal(pointer, problem["errors"]![0]!["pointer"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("GET", "/api/v1/customers?page=first", "?page")]
    [InlineData("GET", "/api/v1/billing/invoices?pageSize=many", "?pageSize")]
    [InlineData("POST", "/api/v1/api-keys", "")]
    public async Task A_parameter_that_can_not_be_read_is_named_without_the_codes_own_words(string method, string path, string pointer)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await host.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(pointer, JsonNode.Parse(text)!["errors"]![0]!["pointer"]!.GetValue<string>());
        Assert.DoesNotContain("Nullable", text, StringComparison.Ordinal);
        Assert.DoesNotContain("CreateApiKey", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_that_no_database_can_store_is_the_callers_mistake()
    {
        using var response = await host.Client.PostAsync(
            "/api/v1/api-keys", new StringContent("""{"name":"a\u0000b","role":"finance"}""", null, "application/json"));
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(400, (int)(await host.Client.GetAsync("/api/v1/customers?name=%00")).StatusCode);
    }

    [Fact]
    public async Task The_longest_key_that_may_be_preset_is_accepted()
    {
        var secret = new string('k', ApiKey.MaxLength);
        var store = host.Services.GetRequiredService<ApiKeyStore>();
        await store.AddAsync(
            new ApiKey(secret), "long", Role.Admin, null, host.Now, CancellationToken.None);
        using var client = host.ClientWith(secret);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/api-keys")).StatusCode);
    }

    [Fact]
    public void The_first_keys_are_in_files_that_only_the_operator_can_read()
    {
        foreach (var file in new[] { "admin-key", "sidecar-key" })
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(host.DataDirectory, file)));
        }
    }

    [Fact]
    public async Task No_answer_is_left_to_a_browsers_guess()
    {
        using var response = await host.Client.GetAsync("/api/v1/api-keys");
        Assert.Equal(["nosniff"], response.Headers.GetValues("X-Content-Type-Options"));

        using var page = await host.Client.GetAsync("/portal");
        Assert.Equal(["nosniff"], page.Headers.GetValues("X-Content-Type-Options"));
    }
}
