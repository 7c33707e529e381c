using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Metering.Portal.Pages;

/// <summary>Renders a component to an answer that is kept nowhere, framed nowhere, and loads nothing but our style sheet.</summary>
internal sealed class PageRenderer(IServiceProvider services, ILoggerFactory loggers)
{
    private const string ContentSecurityPolicy =
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static string StyleSheet { get; } = ReadStyleSheet();

    /// <summary>Changes with the style sheet, so that browsers may keep it for long.</summary>
    public static string StyleSheetPath { get; } =
        $"/portal/style-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(StyleSheet)))[..12]}.css";

    public async Task<IResult> PageAsync<TComponent>(
        HttpContext context, Dictionary<string, object?> parameters, int status = StatusCodes.Status200OK)
        where TComponent : IComponent
    {
        await using var renderer = new HtmlRenderer(services, loggers);
        var html = await renderer.Dispatcher.InvokeAsync(async () =>
            (await renderer.RenderComponentAsync<TComponent>(ParameterView.FromDictionary(parameters))).ToHtmlString());
        Protect(context.Response);
        context.Response.Headers[HeaderNames.ContentSecurityPolicy] = ContentSecurityPolicy;
        return Results.Text(html, "text/html; charset=utf-8", Encoding.UTF8, status);
    }

    public Task<IResult> NoticeAsync(Notice notice, int status, HttpContext context) =>
        PageAsync<NoticePage>(context, new Dictionary<string, object?> { [nameof(NoticePage.Notice)] = notice }, status);

    public static void Protect(HttpResponse response)
    {
        response.Headers[HeaderNames.CacheControl] = "no-store";
        response.Headers["Referrer-Policy"] = "no-referrer";
    }

    private static string ReadStyleSheet()
    {
        using var stream = typeof(PageRenderer).Assembly.GetManifestResourceStream("Metering.Portal.Pages.portal.css")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
