using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Metering.Ingest.Bench;
using Metering.Invoicing.Ledger;
using Metering.Ledger.Bench;
using Metering.Platform.Database;

// How many transactions of three entries the ledger takes a second, with everything on that guards it, against COPY of the same rows on the same
// durable server in the same minutes; then how long it takes to prove the books, to seal them and to walk the chain.
//   Ledger.Bench [transactions] [--results FILE]
const int Writers = 2;
const int WarmUp = 20_000;
const double Asked = 10_000;
int[] batches = [100, 1_000, 4_000];
var transactions = args is [var first, ..] && long.TryParse(first, CultureInfo.InvariantCulture, out var given) ? given : 100_000;
var results = Array.IndexOf(args, "--results") is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
using var stopping = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stopping.Cancel();
};

var invariant = CultureInfo.InvariantCulture;
var postings = new Postings();
var text = new StringBuilder("# Ledger\n")
    .Append(invariant, $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.RuntimeIdentifier}, ")
    .Append(invariant, $"{Environment.ProcessorCount} processors; {BenchServer.Description}\n\n")
    .Append(invariant, $"{transactions:N0} transactions of {Postings.EntriesEach} entries on 30,000 accounts, {Writers} writers, ")
    .Append("with keys, hashes, balances and all checks on.\n\n")
    .Append("| batch | posted a second | entries a second | COPY, bare | COPY, same keys and indexes | posted to indexed COPY |\n")
    .Append("|---:|---:|---:|---:|---:|---:|\n");
await using var server = await BenchServer.StartAsync(stopping.Token);
await using (var warm = await server.CreateDatabaseAsync(stopping.Token))
{
    await PostingRun.RunAsync(warm, postings, WarmUp, batches[1], Writers, stopping.Token);
}

var best = 0d;
var broken = false;
var proof = "";
foreach (var batch in batches)
{
    await using var source = await server.CreateDatabaseAsync(stopping.Token);
    var database = new MeteringDatabase(source);
    await server.CheckpointAsync(stopping.Token);
    Console.Error.WriteLine($"batches of {batch}");
    var posted = transactions / await PostingRun.RunAsync(source, postings, transactions, batch, Writers, stopping.Token);
    await server.CheckpointAsync(stopping.Token);
    var bare = transactions / await CopyRun.RunAsync(source, indexed: false, transactions, batch, Writers, stopping.Token);
    await server.CheckpointAsync(stopping.Token);
    var indexed = transactions / await CopyRun.RunAsync(source, indexed: true, transactions, batch, Writers, stopping.Token);
    text.Append(invariant,
        $"| {batch:N0} | {posted:N0} | {posted * Postings.EntriesEach:N0} | {bare:N0} | {indexed:N0} | {posted / indexed:F2} |\n");
    best = Math.Max(best, posted);
    var proving = Stopwatch.GetTimestamp();

    // That each posting leads to its document can not hold: there are none here.
    broken |= (await LedgerInvariants.CheckAsync(database, stopping.Token)).Any(
        result => !result.Holds && result.Name != "documents");
    var proved = Stopwatch.GetElapsedTime(proving);
    var sealing = Stopwatch.GetTimestamp();
    var held = await new LedgerSealer(database).SealAsync(Postings.Start, stopping.Token);
    var sealedIn = Stopwatch.GetElapsedTime(sealing);
    var walking = Stopwatch.GetTimestamp();
    var verdict = await LedgerChain.VerifyAsync(database, exported: null, stopping.Token);
    broken |= verdict.Break is not null || held != transactions || verdict.Sealed != transactions;
    proof = string.Create(invariant,
        $"\nOf {transactions:N0} transactions: all invariants proven in {proved.TotalSeconds:F1} s, sealed in {sealedIn.TotalSeconds:F1} s, ")
        + string.Create(invariant, $"the chain verified in {Stopwatch.GetElapsedTime(walking).TotalSeconds:F1} s.\n");
}

text.Append(proof).Append("\n| what | asked | measured | |\n|---|---:|---:|---|\n")
    .Append(invariant, $"| transactions posted a second, best batch | ≥ {Asked:N0} | {best:N0} | {(best >= Asked ? "holds" : "**missed**")} |\n");
Console.Write(text);
if (results is not null)
{
    await File.WriteAllTextAsync(results, text.ToString(), stopping.Token);
}

if (broken)
{
    Console.Error.WriteLine("The books that were posted do not hold.");
    return 1;
}

return 0;
