using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Metering.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Conformance;

/// <summary>The script of one area, run once against a Host of its own, whoever asks first.</summary>
public sealed class AreaRun
{
    /// <summary>A first installation fetches what later ones have.</summary>
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(6);

    private static readonly TimeSpan ScriptLimit = TimeSpan.FromMinutes(4);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly ConcurrentDictionary<string, Lazy<Task<AreaRun>>> Runs = [];

    private readonly ScriptReport report;
    private readonly ImmutableHashSet<string> routes;

    private AreaRun(string area, ScriptReport report, ImmutableHashSet<string> routes)
    {
        Area = area;
        this.report = report;
        this.routes = routes;
    }

    /// <summary>OpenMeter's document; null where the material beside the repository is absent.</summary>
    public static string? Contract { get; } =
        Repository.Shared is { } shared && Path.Combine(shared, "reference", "openmeter", "openapi-v1.yaml") is var file && File.Exists(file)
            ? file
            : null;

    public string Area { get; }

    public bool Validated => report.Validated;

    public static Task<AreaRun> OfAsync(string area) =>
        Runs.GetOrAdd(area, key => new Lazy<Task<AreaRun>>(() => RunAsync(key))).Value;

    /// <summary>The first thing that is wrong with an operation; null when it conforms.</summary>
    public string? ViolationOf(string operationId)
    {
        ImmutableArray<ScriptStep> steps = [.. report.Steps.Where(step => step.OperationId == operationId)];
        return steps.IsEmpty ? "no step uses it" : steps.Where(step => step.Violation is not null).Select(Told).FirstOrDefault();
    }

    /// <summary>All that is wrong with an operation, one line each.</summary>
    public string ViolationsOf(string operationId) => string.Join(
        '\n',
        report.Steps.Where(step => step.OperationId == operationId && step.Violation is not null).Select(Told)
            .Prepend($"{operationId} does not conform:"));

    private static string Told(ScriptStep step) => $"{step.Name}: {step.Violation}";

    private static async Task<AreaRun> RunAsync(string area)
    {
        var install = await BoundedProcess.RunAsync(
            Path.Combine(Repository.Root, "eng", "npm.sh"), [Operation.Folder], ImmutableDictionary<string, string>.Empty, InstallLimit);
        await using var host = await TestHost.StartAsync(allowPrivateWebhooks: true);
        var reportFile = Path.Combine(host.DataDirectory, "conformance.json");
        var environment = ImmutableDictionary.CreateRange(
        [
            KeyValuePair.Create("METERING_URL", host.Url.ToString().TrimEnd('/')),
            KeyValuePair.Create("METERING_API_KEY", TestHost.AdminKey),
            KeyValuePair.Create("METERING_CONTRACT", Contract ?? ""),
        ]);
        await BoundedProcess.RunAsync(install.Trim(), [Path.Combine(Operation.Folder, "run.mjs"), reportFile, area], environment, ScriptLimit);
        var report = JsonSerializer.Deserialize<ScriptReport>(await File.ReadAllTextAsync(reportFile), Json)!;
        var run = new AreaRun(area, report, RoutesOf(host));
        await Console.Out.WriteLineAsync(run.Table());
        return run;
    }

    private static ImmutableHashSet<string> RoutesOf(TestHost host) =>
    [
        .. from endpoint in host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
           select Shape(method, endpoint.RoutePattern.RawText ?? ""),
    ];

    /// <summary>A route without the names of its parameters, which are ours to choose.</summary>
    private static string Shape(string method, string path) =>
        $"{method} /{string.Join('/', path.Trim('/').Split('/').Select(step => step.StartsWith('{') ? "{}" : step))}";

    private string Table()
    {
        var table = new StringBuilder();
        foreach (var operation in Operation.All.Where(operation => operation.Area == Area))
        {
            var violation = ViolationOf(operation.OperationId);
            var state = violation is null ? "conforming" : routes.Contains(Shape(operation.Method, operation.Path)) ? "failing" : "missing";
            table.Append(CultureInfo.InvariantCulture, $"{state,-10} {operation.OperationId,-38} {operation.Method,-6} {operation.Path}");
            table.AppendLine(state == "failing" ? $"  {violation}" : "");
        }

        return table.ToString().TrimEnd();
    }
}
