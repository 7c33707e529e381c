using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Metering.Platform.OpenApi;

/// <summary>
/// What the API is, made from the routes themselves: <c>/api/openapi.json</c> for programs, <c>/api/explorer</c> for people. A route appears
/// by itself; it says its own name, summary and answers.
/// </summary>
public static class ApiDocument
{
    public const string Name = "v1";
    private const string PathPrefix = "api/";

    internal static void AddApiDocument(this IServiceCollection services)
    {
        services.AddSingleton<ApiDocumentText>();
        services.AddSingleton<UnseenTypes>();
        services.AddOpenApi(Name, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.ShouldInclude = route => route.RelativePath?.StartsWith(PathPrefix, StringComparison.Ordinal) == true;
            options.CreateSchemaReferenceId = SchemaIdOf;
            options.AddOperationTransformer<OperationFacts>();
            options.AddSchemaTransformer<SchemaFacts>();
            options.AddDocumentTransformer<DocumentFacts>();
        });
    }

    internal static void MapApiDocument(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/openapi.json", async (ApiDocumentText text, CancellationToken cancellationToken) =>
                Results.Text(await text.JsonAsync(cancellationToken), "application/json"))
            .AllowAnonymous().ExcludeFromDescription();
        routes.MapGet("/api/explorer", ExploreAsync).AllowAnonymous().ExcludeFromDescription();

        // Whoever opens the bare address in a browser is shown what there is.
        routes.MapGet("/", () => Results.Redirect("api/explorer")).AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task<IResult> ExploreAsync(ApiDocumentText text, HttpResponse response, CancellationToken cancellationToken)
    {
        response.Headers.ContentSecurityPolicy = ExplorerPage.ContentSecurityPolicy;
        return Results.Text(await text.ExplorerAsync(cancellationToken), "text/html; charset=utf-8");
    }

    /// <summary>The type's name, behind its module's where two modules have a type of that name; what is simple has no name.</summary>
    internal static string? SchemaIdOf(JsonTypeInfo type) =>
        SchemaFacts.IsSimple(type.Type) || OpenApiOptions.CreateDefaultSchemaReferenceId(type) is not { } id ? null
        : SchemaNames.IsAmbiguous(type.Type) ? SchemaNames.ModuleOf(type.Type) + id
        : id;
}
