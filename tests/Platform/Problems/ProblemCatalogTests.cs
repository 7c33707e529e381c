using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Metering.Platform.Problems;
using Metering.Testing;
using Xunit;

namespace Metering.Platform.Tests.Problems;

public sealed partial class ProblemCatalogTests
{
    /// <summary>The published list may only grow: a slug that clients decide by is never renamed or dropped.</summary>
    [Fact]
    public void The_published_list_is_the_codes_list()
    {
        var published = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "schemas", "problems.v1.json")))!;
        var rows = published["problems"]!.AsArray().Select(problem => $"{problem!["type"]} {problem["status"]} {problem["title"]}");
        Assert.Equal(ProblemType.All.Select(type => $"{type.Uri} {type.Status} {type.Title}"), rows);
    }

    /// <summary>The sidecar and the gateway samples write their own answers, and keep to the same list.</summary>
    [Fact]
    public void Whoever_answers_with_a_problem_takes_its_type_from_the_list()
    {
        var known = ProblemType.All.Select(type => type.Uri).ToHashSet();
        var files = new[] { "src", "samples" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*", SearchOption.AllDirectories))
            .Where(file => Path.GetExtension(file) is ".cs" or ".js" or ".template" && !file.Contains("/obj/") && !file.Contains("/bin/"));
        var used = files.SelectMany(file => WrittenType().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["uri"] is { Success: true } uri ? uri.Value : "urn:metering:problem:" + match.Groups["slug"].Value)
            .ToHashSet();
        Assert.Superset(new HashSet<string> { ProblemType.QuotaExceeded.Uri, ProblemType.NotAvailable.Uri }, used);
        Assert.Empty(used.Except(known));
    }

    [GeneratedRegex(
        "(?<uri>(urn:metering:problem:|https://iana\\.org/assignments/http-problem-types#)[a-z][a-z-]+)"
        + "|Metering \\+ \"(?<slug>[a-z-]+)\"")]
    private static partial Regex WrittenType();

    [Fact]
    public void No_two_problems_share_a_slug() =>
        Assert.Equal(ProblemType.All.Length, ProblemType.All.Select(type => type.Slug).Distinct().Count());
}
