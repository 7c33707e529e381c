using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Metering.Platform.OpenApi;

/// <summary>The document as it is served. It depends on the code alone, so it is made once, when somebody asks first.</summary>
internal sealed class ApiDocumentText([FromKeyedServices(ApiDocument.Name)] IOpenApiDocumentProvider documents)
{
    private readonly SemaphoreSlim once = new(1, 1);
    private string? json;
    private string? explorer;

    public async Task<string> JsonAsync(CancellationToken cancellationToken)
    {
        await MakeAsync(cancellationToken);
        return json!;
    }

    public async Task<string> ExplorerAsync(CancellationToken cancellationToken)
    {
        await MakeAsync(cancellationToken);
        return explorer!;
    }

    private async Task MakeAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref explorer) is not null)
        {
            return;
        }

        await once.WaitAsync(cancellationToken);
        try
        {
            if (explorer is null)
            {
                var document = await documents.GetOpenApiDocumentAsync(cancellationToken);
                json = await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellationToken);
                Volatile.Write(ref explorer, ExplorerPage.Of(json));
            }
        }
        finally
        {
            once.Release();
        }
    }
}
