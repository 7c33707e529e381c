using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Metering.Rating.Bench;

// Rates a million invoices of ten lines each in four ways, interleaved in one process, and prints a table whose ratios are what counts:
// they compare the engine with bare decimal arithmetic on the same machine in the same minute.
//   Rating.Bench [invoices] [rounds]
const int TextShare = 50;
const int WarmUpInvoices = 20_000;
var invoices = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 3;
var lines = (long)invoices * GraduatedLines.LinesPerInvoice;
var work = new GraduatedLines();
PriceMatrix[] matrices = [new(5), new(500)];
const int MatrixCells = 2_000_000;

(string Name, Func<int, decimal> Run, int Share)[] ways =
[
    ("raw decimal arithmetic", work.Raw, 1),
    ("total only", work.Totals, 1),
    ("with explained charges", work.Explained, 1),
    ("and rendered as text", work.AsText, TextShare),
];
foreach (var way in ways)
{
    // Several rounds of warming up let the runtime compile everything for good before anything is measured.
    for (var i = 0; i < 5; i++)
    {
        way.Run(WarmUpInvoices / 5 / way.Share);
        Thread.Yield();
    }
}

foreach (var matrix in matrices)
{
    matrix.Explained(MatrixCells / 10 / matrix.Cells);
}

var measured = ways.ToDictionary(way => way.Name, _ => new List<Measurement>());
var cells = matrices.ToDictionary(matrix => matrix.Cells, _ => new List<Measurement>());
for (var round = 0; round < rounds; round++)
{
    foreach (var way in ways)
    {
        measured[way.Name].Add(Measurement.Of(way.Name, lines / way.Share, () => way.Run(invoices / way.Share)));
    }

    foreach (var matrix in matrices)
    {
        cells[matrix.Cells].Add(Measurement.Of($"{matrix.Cells} cells", MatrixCells, () => matrix.Explained(MatrixCells / matrix.Cells)));
    }
}

var medians = ways.Select(way => Measurement.MedianOf(measured[way.Name])).ToArray();
if (medians.Where((_, i) => ways[i].Share == 1).Select(median => median.Sum).Distinct().Count() != 1)
{
    Console.Error.WriteLine("The ways to rate do not come to the same total.");
    return 1;
}

var table = new StringBuilder();
var invariant = CultureInfo.InvariantCulture;
table.Append(invariant,
    $"{invoices:N0} invoices of {GraduatedLines.LinesPerInvoice} lines, each a graduated price of 4 tiers; median of {rounds} rounds; ")
    .Append(invariant, $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.RuntimeIdentifier}, ")
    .Append(invariant, $"{Environment.ProcessorCount} processors\n\n")
    .Append("| way | CPU ns per line | bytes per line | ratio to raw |\n|---|---:|---:|---:|\n");
foreach (var median in medians)
{
    table.Append(invariant, $"| {median.Name} | {median.Nanoseconds:F0} | {median.Bytes:F0} | {median.Nanoseconds / medians[0].Nanoseconds:F2} |\n");
}

table.Append("\n| dimensional price, explained | CPU ns per cell | bytes per cell |\n|---|---:|---:|\n");
foreach (var median in matrices.Select(matrix => Measurement.MedianOf(cells[matrix.Cells])))
{
    table.Append(invariant, $"| {median.Name} | {median.Nanoseconds:F0} | {median.Bytes:F0} |\n");
}

Console.Write(table);
return 0;
