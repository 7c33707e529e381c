using System.CommandLine;
using System.Diagnostics;
using System.Net.Http.Headers;
using CsvHelper;
using Metering.Host.EventsImport;
using Metering.Platform;
using Metering.Platform.Security;
using Spectre.Console;

namespace Metering.Host;

/// <summary><c>events import FILE.csv</c>: sends the rows of a file to a running server. Importing a file twice changes nothing.</summary>
internal static class EventsImportCommand
{
    private static readonly Argument<FileInfo> File = new("FILE.csv") { Description = "The file to read; its first row names the columns." };
    private static readonly Option<string> Type = new("--type") { Description = "The event type.", Required = true };
    private static readonly Option<string?> Subject = new("--subject") { Description = "Whose usage all rows are." };
    private static readonly Option<string?> SubjectColumn = new("--subject-column") { Description = "The column that says whose usage a row is." };
    private static readonly Option<string> Time =
        new("--time") { Description = "The column of the time: RFC 3339, or without an offset and then UTC.", Required = true };
    private static readonly Option<string[]> Data =
        new("--data") { Description = "name=COLUMN of a value in the event's data; repeatable.", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string?> IdColumn =
        new("--id-column") { Description = "The column of the event's id. Without it, ids are made of the rows' content." };
    private static readonly Option<string> Source =
        new("--source") { Description = "The events' source.", DefaultValueFactory = _ => ImportMapping.DefaultSource };
    private static readonly Option<string?> Url =
        new("--url") { Description = $"The server. Default: METERING_PUBLIC_URL, or http://127.0.0.1:{MeteringOptions.DefaultPort}." };
    private static readonly Option<FileInfo?> KeyFile =
        new("--key-file") { Description = "A file with the API key. Default: METERING_ADMIN_KEY, or the admin key in METERING_DATA." };

    public static Command Create()
    {
        var import = new Command("import", "Sends the rows of a CSV file as usage events.")
        {
            File, Type, Subject, SubjectColumn, Time, Data, IdColumn, Source, Url, KeyFile,
        };
        import.Validators.Add(result =>
        {
            if (result.GetValue(Subject) is null == result.GetValue(SubjectColumn) is null)
            {
                result.AddError("Name either --subject or --subject-column.");
            }
        });
        import.SetAction(RunAsync);
        return new Command("events", "Usage events.") { import };
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new HttpClient { BaseAddress = ServerOf(arguments) };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await KeyAsync(arguments, cancellationToken));
            await using var file = OpenFile(arguments.GetRequiredValue(File));
            var started = Stopwatch.GetTimestamp();
            var summary = await ImportWithProgressAsync(new EventImport(client, MappingOf(arguments)), file, cancellationToken);
            Print(summary, Stopwatch.GetElapsedTime(started));
            return summary.Rejected + summary.Conflict == 0 ? 0 : 1;
        }
        catch (ImportException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 2;
        }
        catch (CsvFormatException exception)
        {
            await Console.Error.WriteLineAsync($"The file is not valid CSV: {exception.Message}");
            return 2;
        }
    }

    private static Task<ImportSummary> ImportWithProgressAsync(EventImport import, FileStream file, CancellationToken cancellationToken) =>
        AnsiConsole.Progress().StartAsync(async progress =>
        {
            var task = progress.AddTask(Markup.Escape(Path.GetFileName(file.Name)), maxValue: Math.Max(1, file.Length));
            var summary = await import.RunAsync(file, position => task.Value = position, cancellationToken);
            task.Value = task.MaxValue;
            return summary;
        });

    private static void Print(ImportSummary summary, TimeSpan elapsed)
    {
        var table = new Table().AddColumn("").AddColumn(new TableColumn("rows").RightAligned()).HideHeaders();
        void Row(string name, long rows, bool always)
        {
            if (always || rows > 0)
            {
                table.AddRow(name, $"{rows:N0}");
            }
        }

        Row("accepted", summary.Accepted, summary.Queued == 0);
        Row("queued", summary.Queued, false);
        Row("duplicate", summary.Duplicate, summary.Queued == 0);
        Row("conflict", summary.Conflict, false);
        Row("rejected", summary.Rejected, true);
        Row("accepted, but counted by no meter", summary.NotCounted, false);
        Row("per second", (long)(summary.Rows / Math.Max(elapsed.TotalSeconds, 0.001)), true);
        AnsiConsole.Write(table);
        foreach (var problem in summary.Problems)
        {
            AnsiConsole.WriteLine(problem);
        }
    }

    private static ImportMapping MappingOf(ParseResult arguments) => new(
        arguments.GetRequiredValue(Type), arguments.GetValue(Subject), arguments.GetValue(SubjectColumn), arguments.GetRequiredValue(Time),
        [.. (arguments.GetValue(Data) ?? []).Select(PairOf)], arguments.GetValue(IdColumn), arguments.GetRequiredValue(Source));

    private static KeyValuePair<string, string> PairOf(string text) =>
        text.Split('=', 2) is [{ Length: > 0 } name, { Length: > 0 } column]
            ? KeyValuePair.Create(name, column)
            : throw new ImportException($"--data takes name=COLUMN, not '{text}'.");

    private static FileStream OpenFile(FileInfo file) =>
        file.Exists ? file.OpenRead() : throw new ImportException($"There is no file {file.FullName}.");

    private static Uri ServerOf(ParseResult arguments)
    {
        var port = Environment.GetEnvironmentVariable("METERING_PORT") is { Length: > 0 } named ? named : $"{MeteringOptions.DefaultPort}";
        var text = arguments.GetValue(Url) ?? Environment.GetEnvironmentVariable("METERING_PUBLIC_URL") ?? $"http://127.0.0.1:{port}";
        return Uri.TryCreate(text, UriKind.Absolute, out var url) ? url : throw new ImportException($"'{text}' is not an absolute URL.");
    }

    private static async Task<string> KeyAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        if (arguments.GetValue(KeyFile) is null && Environment.GetEnvironmentVariable("METERING_ADMIN_KEY") is { Length: > 0 } key)
        {
            return key;
        }

        var directory = Environment.GetEnvironmentVariable("METERING_DATA") is { Length: > 0 } named ? named : ".metering";
        var path = arguments.GetValue(KeyFile)?.FullName ?? Path.Combine(directory, FirstKeys.AdminFile);
        return System.IO.File.Exists(path)
            ? (await System.IO.File.ReadAllTextAsync(path, cancellationToken)).Trim()
            : throw new ImportException($"There is no API key in {path}; name one with --key-file or METERING_ADMIN_KEY.");
    }
}
