using System.Collections.Immutable;

namespace Metering.Host.EventsImport;

/// <summary>How a row of a CSV file becomes a usage event.</summary>
/// <param name="Subject">For every row; otherwise <paramref name="SubjectColumn"/> says.</param>
/// <param name="Data">Name in the event's data → column.</param>
/// <param name="IdColumn">Null: the id is made of the row's content, so that the same file can be imported again.</param>
public sealed record ImportMapping(
    string Type,
    string? Subject,
    string? SubjectColumn,
    string TimeColumn,
    ImmutableArray<KeyValuePair<string, string>> Data,
    string? IdColumn,
    string Source)
{
    public const string DefaultSource = "metering-import";
}
