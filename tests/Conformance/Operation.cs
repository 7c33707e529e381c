using System.Collections.Immutable;
using System.Text.Json;
using Metering.Testing;

namespace Metering.Conformance;

/// <summary>One operation of OpenMeter's API that Metering answers as OpenMeter does.</summary>
public sealed record Operation(string Area, string OperationId, string Method, string Path)
{
    public static string Folder { get; } = System.IO.Path.Combine(Repository.Root, "tests", "Conformance");

    public static ImmutableArray<Operation> All { get; } = JsonSerializer.Deserialize<ImmutableArray<Operation>>(
        File.ReadAllText(System.IO.Path.Combine(Folder, "operations.json")), new JsonSerializerOptions(JsonSerializerDefaults.Web));

    public static ImmutableArray<string> Areas { get; } = [.. All.Select(operation => operation.Area).Distinct()];

    /// <summary>The operations that do not conform yet, by the area's list.</summary>
    public static ImmutableArray<string> ExpectedMissing(string area) =>
        File.Exists(ListOf(area)) ? [.. File.ReadAllLines(ListOf(area)).Where(line => line.Length > 0 && line[0] != '#')] : [];

    public static string ListOf(string area) => System.IO.Path.Combine(Folder, "areas", area + ".expected-missing");
}
