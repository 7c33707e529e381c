using System.Collections.Immutable;

namespace Metering.Host.EventsImport;

/// <summary>
/// How a row of a CSV file or a line of JSON becomes a usage event. A column of JSON is a member, or a path such as <c>usage.tokens</c>.
/// </summary>
/// <param name="Subject">For every row; otherwise <paramref name="SubjectColumn"/> says.</param>
/// <param name="TimeColumn">Null only for lines that are events already.</param>
/// <param name="Data">Name in the event's data → column. For JSON none means the whole line.</param>
/// <param name="IdColumn">Null: the id is made of the row's content, so that the same file can be imported again.</param>
public sealed record ImportMapping(
    string Type,
    string? Subject,
    string? SubjectColumn,
    string? TimeColumn,
    ImmutableArray<KeyValuePair<string, string>> Data,
    string? IdColumn,
    string Source)
{
    public const string DefaultSource = "metering-import";

    /// <summary>A row that names no subject is passed over instead of refused: nobody's usage.</summary>
    public bool SkipWithoutSubject { get; init; }

    /// <summary>Each line is a CloudEvent as it is; nothing else of the mapping is looked at.</summary>
    public static ImportMapping OfEvents { get; } = new("", null, null, null, [], null, DefaultSource);

    public bool IsOfEvents => TimeColumn is null;
}
