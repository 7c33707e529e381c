using System.Text.RegularExpressions;
using Xunit;

namespace Metering.Tidy;

/// <summary>What no analyzer says about names, sizes and leftovers.</summary>
public sealed partial class SourceTests
{
    private const int FileLinesMax = 300;
    private const int LineCharactersMax = 150;

    // Nouns that name nothing. Each can be replaced by what the type is or does.
    private static readonly string[] BannedNouns = ["Manager", "Helper", "Util", "Utils", "Utility", "Utilities", "Processor"];

    // A file may be listed here only with the reason why it cannot be cut. None is.
    private static readonly string[] LongFiles = [];

    // Put together from parts, because this file is read by the test as well.
    private static readonly string[] Leftovers =
        ["Not" + "ImplementedException", "TO" + "DO", "FIX" + "ME", "HA" + "CK", "#reg" + "ion"];

    private static readonly string[] MachinePaths =
        ["/ho" + "me/", "/ro" + "ot/", "/wo" + "rk/", "/Us" + "ers/", @"C:\Us" + "ers"];

    private static readonly string[] TextEndings =
    [
        ".cs", ".csproj", ".props", ".sh", ".md", ".json", ".yml", ".yaml", ".sql", ".html", ".css", ".js", ".ts", ".template", ".razor", ".txt",
    ];

    [Fact]
    public void No_type_has_a_banned_noun_in_its_name() =>
        Findings.ShouldBeNone(
            from file in Repository.CSharp("src", "tests", "samples", "bench")
            from Match declaration in TypeDeclaration().Matches(Repository.Text(file))
            let name = declaration.Groups["name"].Value
            where Words(name).Any(BannedNouns.Contains)
            select $"{file}: {name}");

    [Fact]
    public void No_file_has_a_banned_noun_in_its_name() =>
        Findings.ShouldBeNone(
            from file in Repository.Files
            where Words(Path.GetFileNameWithoutExtension(file)).Any(BannedNouns.Contains)
            select file);

    [Fact]
    public void Source_files_fit_in_the_limit_of_lines() =>
        Findings.ShouldBeNone(
            from file in Repository.CSharp("src")
            where !LongFiles.Contains(file)
            let lines = Repository.Lines(file).Length
            where lines > FileLinesMax
            select $"{file} has {lines} lines; the limit is {FileLinesMax}");

    /// <summary>A row of a text table is data: broken in two it would not be a row.</summary>
    private static bool IsTableRow(string file, string text) =>
        file.StartsWith("tests/", StringComparison.Ordinal) && text.Split(" | ").Length > 2;

    [Fact]
    public void Lines_of_code_fit_in_the_limit_of_characters() =>
        Findings.ShouldBeNone(
            from file in Repository.CSharp("src", "tests", "samples", "bench")
            from line in Repository.Lines(file).Select((text, index) => (text, number: index + 1))
            where line.text.Length > LineCharactersMax && !IsTableRow(file, line.text)
            select $"{file}:{line.number} has {line.text.Length} characters; the limit is {LineCharactersMax}");

    [Fact]
    public void Nothing_unfinished_is_left_in_the_code() =>
        Findings.ShouldBeNone(
            from file in Repository.Files.Where(IsText)
            where !file.EndsWith(".md", StringComparison.Ordinal)
            from line in Repository.Lines(file).Select((text, index) => (text, number: index + 1))
            from leftover in Leftovers
            where Regex.IsMatch(line.text, $@"(?<![A-Za-z]){leftover}\b")
            select $"{file}:{line.number} has {leftover}");

    [Fact]
    public void No_file_names_a_folder_of_somebodys_machine() =>
        Findings.ShouldBeNone(
            from file in Repository.Files.Where(IsText)
            from line in Repository.Lines(file).Select((text, index) => (text, number: index + 1))
            from path in MachinePaths
            where Regex.IsMatch(line.text, "(?<![A-Za-z0-9_./}])" + Regex.Escape(path))
            select $"{file}:{line.number} has {path}");

    [Fact]
    public void Namespaces_are_file_scoped() =>
        Findings.ShouldBeNone(
            from file in Repository.CSharp("src", "tests", "samples", "bench")
            where BlockNamespace().IsMatch(Repository.Text(file))
            select file);

    [Theory]
    [InlineData("BillingRunManager", true)]
    [InlineData("HelperForUsage", true)]
    [InlineData("Utilisation", false)]
    [InlineData("UsageQuery", false)]
    public void A_banned_noun_is_found_as_a_whole_word_only(string name, bool banned) =>
        Assert.Equal(banned, Words(name).Any(BannedNouns.Contains));

    [Fact]
    public void The_walk_over_the_files_finds_this_one() =>
        Assert.Contains("tests/Tidy/SourceTests.cs", Repository.CSharp("tests"));

    private static IEnumerable<string> Words(string name) => Word().Matches(name).Select(match => match.Value);

    private static bool IsText(string file) =>
        TextEndings.Contains(Path.GetExtension(file)) || file is "metering" or ".ci/run" || file.EndsWith("Dockerfile", StringComparison.Ordinal);

    [GeneratedRegex(@"^\s*(?:(?:public|internal|private|protected|sealed|abstract|static|partial|readonly|ref|file)\s+)*"
        + @"(?:class|record struct|record class|record|struct|interface|enum)\s+(?<name>[A-Z]\w*)", RegexOptions.Multiline)]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"^namespace [\w.]+\s*(\{|$)", RegexOptions.Multiline)]
    private static partial Regex BlockNamespace();

    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")]
    private static partial Regex Word();
}
