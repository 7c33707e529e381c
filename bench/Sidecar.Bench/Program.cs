using Metering.Sidecar.Bench;
using Metering.Sidecar.Bench.Servers;

// Measures the sidecar's check beside servers that do less, or the same in the usual way, interleaved in one run. The ratios are what counts.
//   Sidecar.Bench [engine|http|gateway|start]…
if (args is ["bare", var port, var socket, var handlerPort, var handlerSocket])
{
    await BareKestrel.RunAsync(int.Parse(port), socket, int.Parse(handlerPort), handlerSocket);
    return 0;
}

if (args is ["redis", var front, var redis])
{
    await RedisFront.RunAsync(int.Parse(front), int.Parse(redis));
    return 0;
}

(string Name, Func<Task<string>> Run)[] parts =
[
    ("engine", EnginePart.RunAsync), ("http", HttpPart.RunAsync), ("gateway", GatewayPart.RunAsync), ("start", StartPart.RunAsync),
];
var wanted = args.ToHashSet(StringComparer.OrdinalIgnoreCase);
if (wanted.Except(parts.Select(part => part.Name), StringComparer.OrdinalIgnoreCase).ToArray() is { Length: > 0 } unknown)
{
    Console.Error.WriteLine($"There is no part {string.Join(", ", unknown)}. There are: {string.Join(", ", parts.Select(part => part.Name))}.");
    return 2;
}

Console.Write(Report.Head());
foreach (var (name, run) in parts.Where(part => wanted.Count == 0 || wanted.Contains(part.Name)))
{
    Console.Write($"\n## {name}\n{await run()}");
}

return 0;
