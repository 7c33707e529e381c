using Metering.Ingest.Bench;
using Metering.Ingest.Bench.Consumer;
using Metering.Ingest.Bench.EndToEnd;
using Metering.Ingest.Bench.Storage;
using Metering.Ingest.Bench.Wire;

// Measures how fast events are taken, recorded and answered, part by part, each against ways that others use, interleaved in one run on
// one durable PostgreSQL of its own. The ratios are what counts: they compare ways on the same machine in the same minutes.
//   Ingest.Bench [part…] [--results FILE]
if (ChildPrograms.Knows(args))
{
    await ChildPrograms.RunAsync(args);
    return 0;
}

BenchPart[] parts =
[
    new WirePart(),
    new ConsumerPart(),
    new DuplicatesPart(),
    new GrowthPart(),
    new QueryPart(),
    new EndToEndPart(),
    new SinglePart(),
];

var results = Array.IndexOf(args, "--results") is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
var wanted = args.TakeWhile(argument => argument != "--results").ToHashSet(StringComparer.OrdinalIgnoreCase);
if (wanted.Except(parts.Select(part => part.Name), StringComparer.OrdinalIgnoreCase).ToArray() is { Length: > 0 } unknown)
{
    Console.Error.WriteLine($"There is no part {string.Join(", ", unknown)}. There are: {string.Join(", ", parts.Select(part => part.Name))}.");
    return 2;
}

using var stopping = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stopping.Cancel();
};
var report = new Report();
foreach (var part in parts.Where(part => wanted.Count == 0 || wanted.Contains(part.Name)))
{
    // Every part begins with an empty server, so that none pays for what another has left behind.
    await using var server = await BenchServer.StartAsync(stopping.Token);
    Console.Error.WriteLine($"{part.Name}: {part.Question}");
    report.Add(part, await part.RunAsync(server, stopping.Token));
}

Console.Write(report.Text);
if (results is not null)
{
    await File.WriteAllTextAsync(results, report.Text, stopping.Token);
}

return 0;
