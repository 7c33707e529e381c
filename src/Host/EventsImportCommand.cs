using System.CommandLine;
using System.Diagnostics;
using CsvHelper;
using Metering.Host.EventsImport;
using Spectre.Console;

namespace Metering.Host;

/// <summary>
/// <c>events import FILE</c>: sends the rows of a CSV file or the lines of a JSON file to a running server. Importing a file twice changes nothing.
/// </summary>
internal static class EventsImportCommand
{
    private static readonly Argument<FileInfo> File =
        new("FILE") { Description = "CSV, whose first row names the columns; or one JSON object on each line, if it ends in .ndjson or .jsonl." };
    private static readonly Option<FileInfo?> Mapping =
        new("--mapping") { Description = "A file that says how a line becomes an event, in place of the options that follow." };
    private static readonly Option<bool> CloudEvents =
        new("--cloudevents") { Description = "The lines are CloudEvents already, as an export has them." };
    private static readonly Option<string?> Type = new("--type") { Description = "The event type." };
    private static readonly Option<string?> Subject = new("--subject") { Description = "Whose usage all rows are." };
    private static readonly Option<string?> SubjectColumn = new("--subject-column") { Description = "The column that says whose usage a row is." };
    private static readonly Option<string?> Time =
        new("--time") { Description = "The column of the time: RFC 3339, without an offset and then UTC, or seconds since 1970." };
    private static readonly Option<string[]> Data =
        new("--data") { Description = "name=COLUMN of a value in the event's data; repeatable.", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string?> IdColumn =
        new("--id-column") { Description = "The column of the event's id. Without it, ids are made of the rows' content." };
    private static readonly Option<string> Source =
        new("--source") { Description = "The events' source.", DefaultValueFactory = _ => ImportMapping.DefaultSource };
    private static readonly Option<string?> Backfill =
        new("--backfill") { Description = "The id of an open backfill that takes the events; none of them is counted before it is closed." };
    private static readonly Option<bool> Resume =
        new("--resume") { Description = "Keep in FILE.import-state how far the import came, and go on from there." };

    public static Command Create()
    {
        var import = new Command("import", "Sends the rows of a CSV or NDJSON file as usage events.")
        {
            File, Mapping, CloudEvents, Type, Subject, SubjectColumn, Time, Data, IdColumn, Source, Backfill, Resume, ServerConnection.Url,
            ServerConnection.KeyFile,
        };
        import.Validators.Add(result =>
        {
            if (result.GetValue(Mapping) is not null || result.GetValue(CloudEvents))
            {
                return;
            }

            if (result.GetValue(Subject) is null == result.GetValue(SubjectColumn) is null)
            {
                result.AddError("Name either --subject or --subject-column.");
            }

            if (result.GetValue(Type) is null || result.GetValue(Time) is null)
            {
                result.AddError("Name --type and --time, or a --mapping, or --cloudevents.");
            }
        });
        import.SetAction(RunAsync);
        return import;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            using var client = await ServerConnection.OpenAsync(arguments, cancellationToken);
            await using var file = OpenFile(arguments.GetRequiredValue(File));
            var mapping = MappingOf(arguments);
            var format = FormatOf(arguments);
            var backfill = arguments.GetValue(Backfill);
            var statePath = arguments.GetValue(Resume) ? $"{file.Name}{(backfill is null ? "" : $".{backfill}")}.import-state" : null;
            var state = await StateAsync(file, mapping, statePath, cancellationToken);
            var started = Stopwatch.GetTimestamp();
            var import = new EventImport(client, mapping, backfill) { AlreadySent = state.Rows };
            var summary = await ImportWithProgressAsync(
                import, file, format, rows => (state with { Rows = rows }).SaveIf(statePath), cancellationToken);
            Print(summary, state.Rows, Stopwatch.GetElapsedTime(started));
            if (statePath is not null)
            {
                System.IO.File.Delete(statePath);
            }

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

    private static async Task<ImportState> StateAsync(
        FileStream file, ImportMapping mapping, string? statePath, CancellationToken cancellationToken)
    {
        var fresh = await ImportState.OfAsync(file, mapping, cancellationToken);
        if (statePath is null || ImportState.Load(statePath) is not { } reached)
        {
            return fresh;
        }

        return reached.Fingerprint == fresh.Fingerprint
            ? reached
            : throw new ImportException($"{statePath} is of another file or mapping. Remove it to import this one from its start.");
    }

    private static Task<ImportSummary> ImportWithProgressAsync(
        EventImport import, FileStream file, ImportFormat format, Action<long> save, CancellationToken cancellationToken) =>
        AnsiConsole.Progress().StartAsync(async progress =>
        {
            var task = progress.AddTask(Markup.Escape(Path.GetFileName(file.Name)), maxValue: Math.Max(1, file.Length));
            var summary = await import.RunAsync(
                file, format,
                (position, rows) =>
                {
                    task.Value = position;
                    save(rows);
                },
                cancellationToken);
            task.Value = task.MaxValue;
            return summary;
        });

    private static void Print(ImportSummary summary, long before, TimeSpan elapsed)
    {
        var table = new Table().AddColumn("").AddColumn(new TableColumn("rows").RightAligned()).HideHeaders();
        void Row(string name, long rows, bool always)
        {
            if (always || rows > 0)
            {
                table.AddRow(name, $"{rows:N0}");
            }
        }

        Row("sent by an earlier run", before, false);
        Row("accepted", summary.Accepted, summary.Queued == 0);
        Row("queued", summary.Queued, false);
        Row("duplicate", summary.Duplicate, summary.Queued == 0);
        Row("conflict", summary.Conflict, false);
        Row("rejected", summary.Rejected, true);
        Row("nobody's, passed over", summary.Skipped, false);
        Row("accepted, but counted by no meter", summary.NotCounted, false);
        Row("per second", (long)(summary.Rows / Math.Max(elapsed.TotalSeconds, 0.001)), true);
        AnsiConsole.Write(table);
        foreach (var problem in summary.Problems)
        {
            AnsiConsole.WriteLine(problem);
        }
    }

    private static ImportMapping MappingOf(ParseResult arguments)
    {
        if (arguments.GetValue(Mapping) is { } file)
        {
            return MappingFile.Load(file.FullName);
        }

        return arguments.GetValue(CloudEvents)
            ? ImportMapping.OfEvents
            : new ImportMapping(
                arguments.GetRequiredValue(Type)!, arguments.GetValue(Subject), arguments.GetValue(SubjectColumn), arguments.GetRequiredValue(Time),
                [.. (arguments.GetValue(Data) ?? []).Select(PairOf)], arguments.GetValue(IdColumn), arguments.GetRequiredValue(Source));
    }

    private static ImportFormat FormatOf(ParseResult arguments) =>
        arguments.GetValue(CloudEvents) || arguments.GetRequiredValue(File).Extension.ToLowerInvariant() is ".ndjson" or ".jsonl"
            ? ImportFormat.Ndjson
            : ImportFormat.Csv;

    private static KeyValuePair<string, string> PairOf(string text) =>
        text.Split('=', 2) is [{ Length: > 0 } name, { Length: > 0 } column]
            ? KeyValuePair.Create(name, column)
            : throw new ImportException($"--data takes name=COLUMN, not '{text}'.");

    private static FileStream OpenFile(FileInfo file) =>
        file.Exists ? file.OpenRead() : throw new ImportException($"There is no file {file.FullName}.");

    private static void SaveIf(this ImportState state, string? path)
    {
        if (path is not null)
        {
            state.Save(path);
        }
    }
}
