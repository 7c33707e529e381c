using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Metering.Platform.OpenApi;

/// <summary>The document as a page on which requests can be tried. Nothing is loaded from anywhere else.</summary>
internal static class ExplorerPage
{
    private static readonly string Style = Resource("explorer.css");
    private static readonly string Script = Resource("explorer.js");
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string ContentSecurityPolicy { get; } =
        $"default-src 'none'; style-src '{HashOf(Style)}'; script-src '{HashOf(Script)}'; connect-src 'self'; base-uri 'none'; form-action 'none'";

    public static string Of(string json)
    {
        var document = JsonNode.Parse(json)!.AsObject();
        var operations = OperationsOf(document);
        var html = new StringBuilder();
        html.Append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Metering API</title>")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
            .Append("<style>").Append(Style).Append("</style></head><body><header><h1>Metering API</h1><p>")
            .Append(Text(document["info"]!["description"])).Append("</p><p><a href=\"openapi.json\">openapi.json</a></p>")
            .Append("<label for=\"key\">API key</label> <input id=\"key\" type=\"password\" autocomplete=\"off\"> ")
            .Append("<label for=\"filter\">Filter</label> <input id=\"filter\" type=\"search\"></header>")
            .Append("<nav aria-label=\"Tags\"><ul>");
        foreach (var tag in operations.Select(operation => operation.Tag).Distinct(StringComparer.Ordinal))
        {
            html.Append("<li><a href=\"#tag-").Append(Text(tag)).Append("\">").Append(Text(tag)).Append("</a></li>");
        }

        html.Append("</ul></nav><main>");
        foreach (var tag in operations.GroupBy(operation => operation.Tag, StringComparer.Ordinal))
        {
            html.Append("<section aria-labelledby=\"tag-").Append(Text(tag.Key)).Append("\"><h2 id=\"tag-").Append(Text(tag.Key)).Append("\">")
                .Append(Text(tag.Key)).Append("</h2>");
            foreach (var operation in tag)
            {
                AppendOperation(html, document, operation);
            }

            html.Append("</section>");
        }

        AppendSchemas(html, document);
        return html.Append("</main><script>").Append(Script).Append("</script></body></html>").ToString();
    }

    private static List<Operation> OperationsOf(JsonObject document) =>
    [
        .. from path in document["paths"]!.AsObject()
           from method in path.Value!.AsObject()
           where method.Value is JsonObject content && content.ContainsKey("responses")
           let content = method.Value!.AsObject()
           let tag = content["tags"] is JsonArray { Count: > 0 } tags ? tags[0]!.GetValue<string>() : ""
           orderby tag
           select new Operation(tag, method.Key.ToUpperInvariant(), path.Key, content),
    ];

    private static void AppendOperation(StringBuilder html, JsonObject document, Operation operation)
    {
        var content = operation.Content;
        var id = content["operationId"]?.GetValue<string>() ?? operation.Path;
        html.Append("<details class=\"operation\" id=\"").Append(Text(id)).Append("\" data-method=\"").Append(operation.Method)
            .Append("\" data-path=\"").Append(Text(operation.Path)).Append("\"><summary><b class=\"").Append(operation.Method).Append("\">")
            .Append(operation.Method).Append("</b> <code>").Append(Text(operation.Path)).Append("</code> <span>")
            .Append(Text(content["summary"])).Append("</span></summary><p>").Append(Text(content["description"])).Append("</p><p><code>")
            .Append(Text(id)).Append("</code>");
        if (content["x-scope"] is { } scope)
        {
            html.Append(" requires the scope <code>").Append(Text(scope)).Append("</code>");
        }

        html.Append("</p><form>");
        AppendParameters(html, content, id);
        AppendBody(html, content, id);
        html.Append("<p><button>Send</button></p></form><h3>Answers</h3><ul>");
        foreach (var (status, answer) in content["responses"]!.AsObject())
        {
            var response = answer!["$ref"] is { } shared ? document["components"]!["responses"]![NameOf(shared)]! : answer;
            html.Append("<li><b>").Append(Text(status)).Append("</b> ").Append(Text(response["description"]))
                .Append(SchemaOf(response)).Append("</li>");
        }

        html.Append("</ul><pre class=\"answer\" aria-live=\"polite\" hidden></pre></details>");
    }

    private static void AppendParameters(StringBuilder html, JsonObject content, string id)
    {
        if (content["parameters"] is not JsonArray { Count: > 0 } parameters)
        {
            return;
        }

        html.Append("<table><caption>Parameters</caption><tbody>");
        foreach (var parameter in parameters.OfType<JsonObject>())
        {
            var name = parameter["name"]!.GetValue<string>();
            html.Append("<tr><th scope=\"row\"><label for=\"").Append(Text($"{id}-{name}")).Append("\">").Append(Text(name))
                .Append("</label></th><td>").Append(Text(parameter["in"])).Append("</td><td><input id=\"").Append(Text($"{id}-{name}"))
                .Append("\" name=\"").Append(Text(name))
                .Append("\" data-in=\"").Append(Text(parameter["in"])).Append('"')
                .Append(parameter["required"]?.GetValue<bool>() == true ? " required" : "").Append("></td><td>")
                .Append(TypeOf(parameter["schema"])).Append(' ').Append(Text(parameter["description"])).Append("</td></tr>");
        }

        html.Append("</tbody></table>");
    }

    private static void AppendBody(StringBuilder html, JsonObject content, string id)
    {
        if (content["requestBody"]?["content"] is not JsonObject { Count: > 0 } contents)
        {
            return;
        }

        var (type, body) = contents.First();
        html.Append("<p><label for=\"").Append(Text(id)).Append("-body\">Body</label> ").Append(Text(type)).Append(' ')
            .Append(TypeOf(body!["schema"])).Append("</p><textarea id=\"").Append(Text(id)).Append("-body\" data-type=\"").Append(Text(type))
            .Append("\" rows=\"10\" spellcheck=\"false\">").Append(Text(body["example"]?.ToJsonString(Indented))).Append("</textarea>");
    }

    private static void AppendSchemas(StringBuilder html, JsonObject document)
    {
        html.Append("<section aria-labelledby=\"schemas\"><h2 id=\"schemas\">Schemas</h2>");
        foreach (var (name, schema) in document["components"]?["schemas"] as JsonObject ?? [])
        {
            html.Append("<details id=\"schema-").Append(Text(name)).Append("\"><summary>").Append(Text(name)).Append("</summary><p>")
                .Append(Text(schema!["description"])).Append("</p><table><tbody>");
            var required = (schema["required"] as JsonArray ?? []).Select(field => field!.GetValue<string>()).ToHashSet(StringComparer.Ordinal);
            foreach (var (field, type) in schema["properties"] as JsonObject ?? [])
            {
                html.Append("<tr><th scope=\"row\">").Append(Text(field)).Append(required.Contains(field) ? " <b title=\"required\">*</b>" : "")
                    .Append("</th><td>").Append(TypeOf(type)).Append("</td><td>").Append(Text(type?["description"])).Append("</td></tr>");
            }

            html.Append("</tbody></table></details>");
        }

        html.Append("</section>");
    }

    private static string SchemaOf(JsonNode response) =>
        response["content"] is JsonObject { Count: > 0 } content ? $" {Text(content.First().Key)} {TypeOf(content.First().Value?["schema"])}" : "";

    private static string TypeOf(JsonNode? schema)
    {
        if (schema is not JsonObject described)
        {
            return "";
        }

        if (described["$ref"] is { } reference)
        {
            return $"<a href=\"#schema-{Text(NameOf(reference))}\">{Text(NameOf(reference))}</a>";
        }

        if (described["oneOf"] is JsonArray choices)
        {
            return string.Join(" or ", choices.Select(TypeOf).Where(choice => choice.Length > 0));
        }

        var types = described["type"] is JsonArray several ? string.Join(" or ", several.Select(Text)) : Text(described["type"]);
        var format = described["format"] is { } known ? $" ({Text(known)})" : "";
        return described["items"] is { } items ? $"{types} of {TypeOf(items)}" : types + format;
    }

    private static string NameOf(JsonNode reference) => reference.GetValue<string>().Split('/')[^1];

    private static string Text(JsonNode? value) =>
        Text(value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value?.ToJsonString());

    private static string Text(string? value) => WebUtility.HtmlEncode(value) ?? "";

    private static string HashOf(string text) => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Resource(string name)
    {
        using var stream = typeof(ExplorerPage).Assembly.GetManifestResourceStream(typeof(ExplorerPage), name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private sealed record Operation(string Tag, string Method, string Path, JsonObject Content);
}
