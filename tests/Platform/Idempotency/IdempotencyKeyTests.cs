using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Platform.Tests.Idempotency;

public sealed class IdempotencyKeyTests : IAsyncLifetime
{
    private TestHost host = null!;

    public async ValueTask InitializeAsync() => host = await TestHost.StartAsync();

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task A_repeated_request_is_answered_byte_for_byte_as_the_first_and_creates_nothing()
    {
        const string body = """{"name":"Acme","key":"acme"}""";
        using var first = await PostAsync("/api/v1/customers", body, "key-1");
        using var second = await PostAsync("/api/v1/customers", body, "key-1");

        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal(await first.Content.ReadAsByteArrayAsync(), await second.Content.ReadAsByteArrayAsync());
        Assert.Equal(first.Content.Headers.ContentType, second.Content.Headers.ContentType);
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.Equal(first.Headers.ETag, second.Headers.ETag);
        Assert.NotNull(first.Headers.ETag);
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(["true"], second.Headers.GetValues("Idempotency-Replayed"));
        Assert.Equal(1, (int)(await host.GetAsync("/api/v1/customers"))["totalCount"]!);
    }

    [Fact]
    public async Task The_same_key_with_another_body_names_the_header()
    {
        await PostAsync("/api/v1/customers", """{"name":"Acme"}""", "key-1");
        using var other = await PostAsync("/api/v1/customers", """{"name":"Other"}""", "key-1");
        await AssertRefusedAsync(other, 422, "idempotency-mismatch", "other_request");
    }

    [Fact]
    public async Task The_same_key_with_another_path_of_the_route_is_another_request()
    {
        await PostAsync("/api/v1/customers", """{"name":"A","key":"a"}""", "c1");
        await PostAsync("/api/v1/customers", """{"name":"B","key":"b"}""", "c2");
        await PostAsync("/api/v1/customers/a/credentials", """{"name":"gateway"}""", "key-1");
        using var other = await PostAsync("/api/v1/customers/b/credentials", """{"name":"gateway"}""", "key-1");
        await AssertRefusedAsync(other, 422, "idempotency-mismatch", "other_request");
    }

    [Fact]
    public async Task A_key_is_the_callers_own_and_the_routes_own()
    {
        var finance = await host.PostAsync("/api/v1/api-keys", JsonNode.Parse("""{"name":"second","role":"admin"}""")!);
        using var second = host.ClientWith((string)finance["key"]!);
        using var first = await PostAsync("/api/v1/customers", """{"name":"Acme"}""", "key-1");
        using var ofAnother = await PostAsync("/api/v1/customers", """{"name":"Other"}""", "key-1", second);
        using var ofAnotherRoute = await PostAsync("/api/v1/features", """{"key":"chat","name":"Chat"}""", "key-1");
        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        Assert.Equal(HttpStatusCode.Created, ofAnother.StatusCode);
        Assert.Equal(HttpStatusCode.Created, ofAnotherRoute.StatusCode);
    }

    [Fact]
    public async Task A_refusal_changed_nothing_and_is_not_kept()
    {
        using var refused = await PostAsync("/api/v1/customers", """{"name":""}""", "key-1");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        using var mended = await PostAsync("/api/v1/customers", """{"name":"Acme"}""", "key-1");
        Assert.Equal(HttpStatusCode.Created, mended.StatusCode);
    }

    [Fact]
    public async Task A_secret_is_told_again_to_who_asks_again_and_is_stored_nowhere_in_clear()
    {
        await host.PostAsync("/api/v1/customers", JsonNode.Parse("""{"name":"Acme","key":"acme"}""")!);
        (string Path, string Body, string Field)[] told =
        [
            ("/api/v1/customers/acme/credentials", """{"name":"gateway"}""", "key"),
            ("/api/v1/api-keys", """{"name":"reports","role":"finance"}""", "key"),
            ("/api/v1/portal/tokens", """{"customerKey":"acme"}""", "token"),
        ];
        foreach (var (path, body, field) in told)
        {
            using var first = await PostAsync(path, body, "key-1");
            using var second = await PostAsync(path, body, "key-1");
            var secret = (string)JsonNode.Parse(await first.Content.ReadAsStringAsync())![field]!;
            Assert.Equal(secret, (string)JsonNode.Parse(await second.Content.ReadAsStringAsync())![field]!);
            Assert.Equal(0, await RowsHoldingAsync(secret));
        }

        Assert.Equal(3, await CountAsync("select count(*) from platform.idempotency_key where body is not null"));
    }

    [Fact]
    public async Task After_a_day_of_product_time_the_key_is_new_again_and_the_old_record_is_gone()
    {
        await PostAsync("/api/v1/customers", """{"name":"Acme"}""", "key-1");
        await PostAsync("/api/v1/customers", """{"name":"Beta"}""", "key-2");
        await host.AdvanceToAsync("2026-01-16T09:00:00Z");
        using var again = await PostAsync("/api/v1/customers", """{"name":"Other"}""", "key-1");
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        Assert.False(again.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(1, await CountAsync("select count(*) from platform.idempotency_key"));
    }

    [Fact]
    public async Task A_key_that_can_not_be_one_is_refused()
    {
        foreach (var key in new[] { "", "has space", new string('k', 256) })
        {
            using var answer = await PostAsync("/api/v1/customers", """{"name":"Acme"}""", key);
            await AssertRefusedAsync(answer, 400, "invalid-request", "out_of_range");
        }
    }

    [Fact]
    public async Task Every_change_of_money_or_access_is_done_once()
    {
        await host.PostAsync("/api/v1/customers", JsonNode.Parse("""{"name":"Acme","key":"acme"}""")!);
        const string plan = """
            {"key":"basic","name":"Basic","currency":"USD","billingCadence":"P1M","phases":[{"key":"main","name":"Main","duration":null,
             "rateCards":[{"type":"flat_fee","key":"fee","name":"Fee","billingCadence":"P1M",
                           "price":{"type":"flat","amount":"49.00","paymentTerm":"in_advance"}}]}]}
            """;
        await TwiceAsync("/api/v1/meters", """{"slug":"tokens","aggregation":"COUNT","eventType":"tokens"}""", 201);
        await TwiceAsync("/api/v1/plans", plan, 201);
        await TwiceAsync("/api/v1/plans/basic/publish", "{}", 200);
        var created = await TwiceAsync("/api/v1/subscriptions", """{"plan":{"key":"basic"},"customerKey":"acme"}""", 201);
        await TwiceAsync($"/api/v1/subscriptions/{created["id"]}/cancel", """{"timing":"immediate"}""", 200);
        await TwiceAsync("/api/v1/plans/basic/archive", "{}", 200);
    }

    private async Task<JsonNode> TwiceAsync(string path, string body, int status)
    {
        using var first = await PostAsync(path, body, "twice");
        using var second = await PostAsync(path, body, "twice");
        var text = await first.Content.ReadAsStringAsync();
        Assert.True((int)first.StatusCode == status, $"{path}: {text}");
        Assert.Equal(text, await second.Content.ReadAsStringAsync());
        Assert.True(second.Headers.Contains("Idempotency-Replayed"), path);
        return JsonNode.Parse(text)!;
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string body, string key, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return await (client ?? host.Client).SendAsync(request);
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, int status, string type, string code)
    {
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal($"urn:metering:problem:{type}", (string)problem["type"]!);
        Assert.Equal("header:Idempotency-Key", (string)problem["errors"]![0]!["pointer"]!);
        Assert.Equal(code, (string)problem["errors"]![0]!["code"]!);
    }

    private Task<long> RowsHoldingAsync(string secret) => CountAsync(
        """
        select (select count(*) from platform.idempotency_key k where position(@secret in k::text) > 0
                   or position(convert_to(@secret, 'UTF8') in k.body) > 0)
             + (select count(*) from platform.audit_entry a where position(@secret in a::text) > 0)
        """, new { secret });

    private async Task<long> CountAsync(string sql, object? parameters = null)
    {
        await using var session = await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(CancellationToken.None);
        return await session.SingleAsync<long>(sql, parameters, CancellationToken.None);
    }
}
