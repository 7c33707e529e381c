using System.Text.Json.Nodes;
using Metering.Platform.Problems;
using Metering.Testing;
using Xunit;

namespace Metering.Platform.Tests.Problems;

public sealed class ProblemCatalogTests
{
    /// <summary>The published list may only grow: a slug that clients decide by is never renamed or dropped.</summary>
    [Fact]
    public void The_published_list_is_the_codes_list()
    {
        var published = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "schemas", "problems.v1.json")))!;
        var rows = published["problems"]!.AsArray().Select(problem => $"{problem!["type"]} {problem["status"]} {problem["title"]}");
        Assert.Equal(ProblemType.All.Select(type => $"{type.Uri} {type.Status} {type.Title}"), rows);
    }

    [Fact]
    public void No_two_problems_share_a_slug() =>
        Assert.Equal(ProblemType.All.Length, ProblemType.All.Select(type => type.Slug).Distinct().Count());
}
