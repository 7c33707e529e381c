using System.Net;
using System.Net.Http.Json;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Customers;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Subscriptions.Tests.Customers;

public sealed class CustomerLifecycleTests
{
    [Fact]
    public async Task A_customer_is_found_by_id_by_key_and_by_subject()
    {
        await using var host = await TestHost.StartAsync();
        var created = await Some.CustomerAsync(host, "acme", "Europe/Berlin");

        Assert.Equal("Europe/Berlin", (string?)created["timeZone"]);
        Assert.Equal((string?)created["id"], (string?)(await host.GetAsync($"/api/v1/customers/{created["id"]}"))["id"]);
        Assert.Equal((string?)created["id"], (string?)(await host.GetAsync("/api/v1/customers/acme"))["id"]);
        var reader = host.Services.GetRequiredService<CustomerReader>();
        var bySubject = await reader.FindBySubjectAsync("acme-app", CancellationToken.None);
        Assert.Equal((string?)created["id"], PublicId.Format(bySubject!.Id));
        Assert.Equal("Europe/Berlin", bySubject.Zone.Id);
        Assert.Null(await reader.FindBySubjectAsync("acme", CancellationToken.None));
    }

    [Fact]
    public async Task A_replacement_that_names_no_time_zone_moves_nobody()
    {
        await using var host = await TestHost.StartAsync();
        await Some.CustomerAsync(host, "acme", "Europe/Berlin");

        using var put = await host.Client.PutAsJsonAsync("/api/v1/customers/acme", Some.Json("""{"name":"Acme","key":"acme"}"""));

        put.EnsureSuccessStatusCode();
        Assert.Equal("Europe/Berlin", (string?)(await host.GetAsync("/api/v1/customers/acme"))["timeZone"]);
    }

    [Fact]
    public async Task A_customer_without_subject_keys_owns_the_usage_of_its_key_or_else_of_its_id()
    {
        await using var host = await TestHost.StartAsync();
        var reader = host.Services.GetRequiredService<CustomerReader>();
        await host.PostAsync("/api/v1/customers", Some.Json("""{"name":"Keyed","key":"keyed"}"""), 201);
        var bare = await host.PostAsync("/api/v1/customers", Some.Json("""{"name":"Bare"}"""), 201);

        Assert.Equal(["keyed"], (await reader.FindAsync("keyed", CancellationToken.None))!.SubjectKeys);
        Assert.Equal([(string)bare["id"]!], (await reader.FindAsync((string)bare["id"]!, CancellationToken.None))!.SubjectKeys);
        Assert.Empty(bare["usageAttribution"]!["subjectKeys"]!.AsArray());
    }

    [Fact]
    public async Task A_subject_belongs_to_one_customer_until_that_customer_lets_go_of_it()
    {
        await using var host = await TestHost.StartAsync();
        await Some.CustomerAsync(host, "acme");
        var second = Some.Json("""{"name":"Other","key":"other","usageAttribution":{"subjectKeys":["free","acme-app"]}}""");

        var problem = await host.PostAsync("/api/v1/customers", second, 409);

        Assert.Equal("/usageAttribution/subjectKeys/1", (string?)problem["errors"]![0]!["pointer"]);
        Assert.Equal(HttpStatusCode.NoContent, (await host.Client.DeleteAsync("/api/v1/customers/acme")).StatusCode);
        await host.PostAsync("/api/v1/customers", second, 201);
    }

    [Fact]
    public async Task A_deleted_customer_keeps_its_subjects_for_its_last_invoice_and_frees_its_key()
    {
        await using var host = await TestHost.StartAsync();
        var first = await Some.CustomerAsync(host, "acme");
        await host.Client.DeleteAsync("/api/v1/customers/acme");

        await host.GetAsync("/api/v1/customers/acme", 404);
        var again = await Some.CustomerAsync(host, "acme");

        var reader = host.Services.GetRequiredService<CustomerReader>();
        Assert.Equal(["acme-app"], (await reader.FindAsync((string)first["id"]!, CancellationToken.None))!.SubjectKeys);
        Assert.NotNull((await host.GetAsync($"/api/v1/customers/{first["id"]}"))["deletedAt"]);
        Assert.Equal((string?)again["id"], PublicId.Format((await reader.FindBySubjectAsync("acme-app", CancellationToken.None))!.Id));
        Assert.Equal(1, (int)(await host.GetAsync("/api/v1/customers"))["totalCount"]!);
        Assert.Equal(2, (int)(await host.GetAsync("/api/v1/customers?includeDeleted=true"))["totalCount"]!);
    }

    [Fact]
    public async Task What_a_replacement_leaves_out_is_gone()
    {
        await using var host = await TestHost.StartAsync();
        await Some.CustomerAsync(host, "acme");

        var response = await host.Client.PutAsJsonAsync("/api/v1/customers/acme", Some.Json("""{"name":"Renamed","key":"acme2"}"""));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var customer = await host.GetAsync("/api/v1/customers/acme2");
        Assert.Equal("Renamed", (string?)customer["name"]);
        Assert.Equal("UTC", (string?)customer["timeZone"]);
        Assert.Empty(customer["usageAttribution"]!["subjectKeys"]!.AsArray());
        await host.GetAsync("/api/v1/customers/acme", 404);
    }

    [Fact]
    public async Task A_credential_shows_its_secret_once_and_only_its_hash_is_stored()
    {
        await using var host = await TestHost.StartAsync();
        await Some.CustomerAsync(host, "acme");

        var created = await host.PostAsync("/api/v1/customers/acme/credentials", Some.Json("""{"name":"production"}"""), 201);
        var listed = (await host.GetAsync("/api/v1/customers/acme/credentials")).AsArray();

        Assert.StartsWith("mtr_live_", (string?)created["key"]);
        Assert.Equal("production", (string?)Assert.Single(listed)!["name"]);
        Assert.DoesNotContain((string)created["key"]!, listed.ToJsonString(), StringComparison.Ordinal);
        Assert.Null(listed[0]!["key"]);
        var deleted = await host.Client.DeleteAsync($"/api/v1/customers/acme/credentials/{created["id"]}");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.NotNull((await host.GetAsync("/api/v1/customers/acme/credentials"))[0]!["revokedAt"]);
    }

    [Fact]
    public async Task The_list_filters_anywhere_in_the_text_and_pages()
    {
        await using var host = await TestHost.StartAsync();
        foreach (var key in new[] { "north-one", "north-two", "south" })
        {
            await Some.CustomerAsync(host, key);
        }

        Assert.Equal(2, (int)(await host.GetAsync("/api/v1/customers?key=NORTH"))["totalCount"]!);
        Assert.Equal(1, (int)(await host.GetAsync("/api/v1/customers?subject=south"))["totalCount"]!);
        var first = await host.GetAsync("/api/v1/customers?pageSize=2");
        var second = await host.GetAsync("/api/v1/customers?page=2&pageSize=2");
        Assert.Equal((3, 2, 2), ((int)second["totalCount"]!, (int)second["page"]!, (int)second["pageSize"]!));
        Assert.Equal(
            ["north-one", "north-two", "south"],
            first["items"]!.AsArray().Concat(second["items"]!.AsArray()).Select(customer => (string)customer!["key"]!).Order());
        await host.GetAsync("/api/v1/customers?pageSize=0", 400);
    }
}
