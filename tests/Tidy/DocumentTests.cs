using System.Text.RegularExpressions;
using Xunit;

namespace Metering.Tidy;

/// <summary>The documents a reader looks for are there and have the shape that makes them easy to find things in.</summary>
public sealed partial class DocumentTests
{
    private static readonly string[] DecisionHeadings = ["Context", "Decision", "Consequences"];

    // The folder's README is their index.
    private static IEnumerable<string> Decisions =>
        Repository.Files.Where(file => file.StartsWith("docs/decisions/", StringComparison.Ordinal) && Path.GetFileName(file) != "README.md");

    [Theory]
    [InlineData("README.md")]
    [InlineData("CHANGELOG.md")]
    [InlineData("LICENSE")]
    [InlineData("docs/glossary.md")]
    public void The_front_door_has(string file)
    {
        Assert.True(Repository.Exists(file), $"{file} is missing");
        Assert.NotEmpty(Repository.Text(file).Trim());
    }

    [Fact]
    public void Decisions_are_numbered_without_gaps()
    {
        var names = Decisions.Select(Path.GetFileName).ToArray();
        Findings.ShouldBeNone(names.Where(name => !DecisionName().IsMatch(name!)).Select(name => $"docs/decisions/{name}: not NNNN-words.md"));
        Assert.NotEmpty(names);
        Assert.Equal(
            Enumerable.Range(1, names.Length).Select(number => number.ToString("0000")),
            names.Select(name => name![..4]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_index_names_every_decision()
    {
        var index = Repository.Text("docs/decisions/README.md");
        Findings.ShouldBeNone(
            Decisions.Where(decision => !index.Contains($"({Path.GetFileName(decision)})", StringComparison.Ordinal))
                .Select(decision => $"docs/decisions/README.md does not name {decision}"));
    }

    [Fact]
    public void Decisions_say_context_decision_and_consequences() =>
        Findings.ShouldBeNone(
            from decision in Decisions
            let headings = Headings(decision, "## ").ToArray()
            from heading in DecisionHeadings
            where !headings.Contains(heading)
            select $"{decision} has no heading \"## {heading}\"");

    [Fact]
    public void The_changelog_begins_with_what_is_unreleased()
    {
        Assert.True(Repository.Exists("CHANGELOG.md"), "CHANGELOG.md is missing");
        var sections = Headings("CHANGELOG.md", "## ").ToArray();
        Assert.NotEmpty(sections);
        Assert.Equal("Unreleased", sections[0]);
        var odd = sections.Skip(1).Where(section => !Release().IsMatch(section));
        Findings.ShouldBeNone(odd.Select(section => $"not \"X.Y.Z - YYYY-MM-DD\": {section}"));
    }

    [Fact]
    public void The_glossary_lists_a_word_once()
    {
        Assert.True(Repository.Exists("docs/glossary.md"), "docs/glossary.md is missing");
        var words = GlossaryWords().ToArray();
        Assert.NotEmpty(words);
        var repeated = words.GroupBy(word => word, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1);
        Findings.ShouldBeNone(repeated.Select(group => $"{group.Key} is listed {group.Count()} times"));
    }

    // A line that begins with the word in bold, or a row of a table; the row above a table's rule only names the columns.
    private static IEnumerable<string> GlossaryWords()
    {
        var lines = Repository.Lines("docs/glossary.md");
        for (var i = 0; i < lines.Length; i++)
        {
            var namesColumns = i + 1 < lines.Length && TableRule().IsMatch(lines[i + 1]);
            var entry = GlossaryEntry().Match(lines[i]);
            if (entry.Success && !namesColumns && !TableRule().IsMatch(lines[i]))
            {
                yield return entry.Groups["word"].Value.Trim();
            }
        }
    }

    private static IEnumerable<string> Headings(string file, string marker) =>
        Repository.Lines(file).Where(line => line.StartsWith(marker, StringComparison.Ordinal)).Select(line => line[marker.Length..].Trim());

    [GeneratedRegex(@"^\d{4}-[a-z0-9-]+\.md$")]
    private static partial Regex DecisionName();

    [GeneratedRegex(@"^\d+\.\d+\.\d+ - \d{4}-\d{2}-\d{2}$")]
    private static partial Regex Release();

    [GeneratedRegex(@"^\s*(?:(?:[-*]\s+)?\*\*(?<word>[^*]+)\*\*|\|\s*\**(?<word>[^*|]+)\**\s*\|)")]
    private static partial Regex GlossaryEntry();

    [GeneratedRegex(@"^\s*\|[\s:|-]+$")]
    private static partial Regex TableRule();
}
