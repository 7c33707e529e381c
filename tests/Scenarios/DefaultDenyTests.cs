using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Testing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Scenarios;

/// <summary>What every route of the running Host keeps to, found by asking the Host which routes it has.</summary>
public sealed partial class DefaultDenyTests : IAsyncLifetime
{
    /// <summary>Reviewed: open to everyone on purpose. A new anonymous route must be argued into this list.</summary>
    private static readonly ImmutableHashSet<string> AnonymousRoutes =
    [
        "GET /health/live",
        "GET /health/ready",

        // What the API is, and a page to try it on; whoever tries needs a key.
        "GET /api/openapi.json",
        "GET /api/explorer",
        "GET /",

        // A customer's link: the token in it is the secret. And what the page that says "this link has expired" looks like.
        "GET /portal/link/{token}",
        "GET /portal/style.css",
    ];

    private const string PortalScheme = "Portal";

    /// <summary>Of customers' own pages, in place of an API key.</summary>
    private const string PortalTokenScheme = "PortalToken";

    private TestHost host = null!;

    public async ValueTask InitializeAsync() => host = await TestHost.StartAsync();

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public void Every_route_requires_a_scope_or_is_on_the_reviewed_list()
    {
        var open = Routes().Where(route => route.Scopes.IsEmpty && !route.NeedsPortalSession && !route.NeedsPortalToken)
            .Select(route => route.Name).ToImmutableHashSet();

        Assert.Empty(open.Except(AnonymousRoutes));
        Assert.Empty(AnonymousRoutes.Except(open));
        Assert.True(Routes().Length > AnonymousRoutes.Count, "The Host has no routes to speak of.");
    }

    [Fact]
    public async Task A_page_of_the_portal_opens_to_no_api_key()
    {
        var pages = Routes().Where(route => route.NeedsPortalSession).ToImmutableArray();
        Assert.NotEmpty(pages);
        Assert.All(pages, page => Assert.StartsWith("/portal", page.Pattern, StringComparison.Ordinal));
        foreach (var page in pages)
        {
            using var response = await SendAsync(host.Client, page);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        }
    }

    [Fact]
    public async Task What_a_portal_token_opens_opens_to_nobody_without_one()
    {
        using var anonymous = new HttpClient { BaseAddress = host.Url };
        foreach (var route in Routes().Where(route => route.NeedsPortalToken))
        {
            await AssertProblemAsync(await SendAsync(anonymous, route), HttpStatusCode.Unauthorized, route);
            await AssertProblemAsync(await SendAsync(host.Client, route), HttpStatusCode.Unauthorized, route);
        }
    }

    [Fact]
    public void Every_scope_that_a_route_requires_is_held_by_some_role()
    {
        var held = Role.All.SelectMany(role => role.Scopes).ToImmutableHashSet();

        Assert.Empty(Routes().SelectMany(route => route.Scopes).Except(held));
    }

    [Fact]
    public async Task Without_a_key_every_guarded_route_answers_401_and_with_a_key_that_lacks_the_scope_403()
    {
        using var anonymous = new HttpClient { BaseAddress = host.Url };
        using var gateway = host.ClientWith(await KeyOfRoleAsync(Role.Gateway));
        foreach (var route in Routes().Where(route => !route.Scopes.IsEmpty))
        {
            await AssertProblemAsync(await SendAsync(anonymous, route), HttpStatusCode.Unauthorized, route);
            if (!route.Scopes.Intersect(Role.Gateway.Scopes).Any())
            {
                await AssertProblemAsync(await SendAsync(gateway, route), HttpStatusCode.Forbidden, route);
            }
        }
    }

    [Fact]
    public async Task Every_refusal_is_a_problem_of_the_closed_list()
    {
        foreach (var route in Routes().Where(route => !route.Scopes.IsEmpty))
        {
            foreach (var body in new[] { "{", "[]", """{"noSuchField":1}""" })
            {
                using var response = await SendAsync(host.Client, route, body);
                if ((int)response.StatusCode >= 400)
                {
                    await AssertProblemAsync(response, null, route);
                }
            }
        }

        await AssertProblemAsync(await host.Client.GetAsync("/api/v1/no-such-thing"), HttpStatusCode.NotFound, null);
        await AssertProblemAsync(await host.Client.DeleteAsync("/api/v1/test-clock"), HttpStatusCode.MethodNotAllowed, null);
    }

    private static async Task AssertProblemAsync(HttpResponseMessage response, HttpStatusCode? expected, Route? route)
    {
        var body = await response.Content.ReadAsStringAsync();
        var context = $"{route?.Name}: {(int)response.StatusCode} {response.Content.Headers.ContentType} {body}";
        Assert.True(expected is null || response.StatusCode == expected, context);
        Assert.True(response.Content.Headers.ContentType?.MediaType == "application/problem+json", context);
        var type = JsonNode.Parse(body)!["type"]!.GetValue<string>();
        Assert.True(ProblemType.All.Any(known => known.Uri == type && known.Status == (int)response.StatusCode), context);
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, Route route, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(route.Method), route.Path);
        if (route.Method is "POST" or "PUT" or "PATCH")
        {
            request.Content = new StringContent(body ?? "{}", System.Text.Encoding.UTF8, "application/json");
        }

        // Headers only: the snapshot stream never ends.
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private async Task<string> KeyOfRoleAsync(Role role)
    {
        var created = await host.PostAsync("/api/v1/api-keys", new JsonObject { ["name"] = "probe", ["role"] = role.Name });
        return created["key"]!.GetValue<string>();
    }

    private ImmutableArray<Route> Routes() =>
    [
        .. host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().SelectMany(Route.Of),
    ];

    [GeneratedRegex("/style-[0-9a-f]+\\.css$")]
    private static partial Regex StyleDigest();

    /// <param name="Path">The pattern with a value for each parameter that names nothing that exists.</param>
    private sealed record Route(
        string Method, string Pattern, string Path, ImmutableArray<string> Scopes, bool NeedsPortalSession, bool NeedsPortalToken)
    {
        /// <summary>Without the digest that names the style sheet's content.</summary>
        public string Name => $"{Method} {StyleDigest().Replace(Pattern, "/style.css")}";

        public static IEnumerable<Route> Of(RouteEndpoint endpoint)
        {
            var pattern = "/" + endpoint.RoutePattern.RawText!.TrimStart('/');
            var path = "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(segment =>
                string.Concat(segment.Parts.Select(part => part is Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal
                    ? literal.Content
                    : "01ARZ3NDEKTSV4RRFFQ69G5FAV"))));
            var isAnonymous = endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
            var policies = isAnonymous ? [] : endpoint.Metadata.GetOrderedMetadata<AuthorizationPolicy>();
            bool Needs(string scheme) => policies.Any(policy =>
                policy.AuthenticationSchemes.SequenceEqual([scheme])
                && policy.Requirements.OfType<DenyAnonymousAuthorizationRequirement>().Any());
            var scopes = policies
                .SelectMany(policy => policy.Requirements.OfType<ClaimsAuthorizationRequirement>())
                .Where(requirement => requirement.ClaimType == ApiKeyAuthentication.ScopeClaim)
                .SelectMany(requirement => requirement.AllowedValues ?? [])
                .ToImmutableArray();
            var methods = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"];
            return methods.Select(method => new Route(method, pattern, path, scopes, Needs(PortalScheme), Needs(PortalTokenScheme)));
        }
    }
}
