using System.Text.RegularExpressions;
using Xunit;

namespace Metering.Tidy;

/// <summary>References run one way, and each module says what it is for.</summary>
public sealed partial class ModuleTests
{
    // What a module may refer to directly. Whatever has to flow the other way is a message.
    private static readonly Dictionary<string, string[]> AllowedReferences = new()
    {
        ["Rating"] = [],
        ["Contracts"] = [],
        ["Platform"] = ["Contracts"],
        ["Ingest"] = ["Contracts", "Platform", "Rating"],
        ["Subscriptions"] = ["Ingest", "Contracts", "Platform", "Rating"],
        ["Invoicing"] = ["Subscriptions", "Ingest", "Contracts", "Platform", "Rating"],
        ["Notifications"] = ["Subscriptions", "Contracts", "Platform"],
        ["Portal"] = ["Invoicing", "Subscriptions", "Ingest", "Contracts", "Platform", "Rating"],
        ["Host"] = ["Notifications", "Portal", "Invoicing", "Subscriptions", "Ingest", "Contracts", "Platform", "Rating"],
        ["EnforcementSidecar"] = ["Contracts", "Rating"],
    };

    private static readonly string[] ReadmeHeadings = ["owns", "does not own", "invariants", "boundaries"];

    [Fact]
    public void Every_module_is_in_the_table_of_allowed_references() =>
        Assert.Equal(AllowedReferences.Keys.Order(), Repository.Modules.Order());

    [Fact]
    public void References_between_modules_run_one_way() =>
        Findings.ShouldBeNone(
            from module in Repository.Modules
            from reference in Repository.ProjectReferences($"src/{module}/{module}.csproj")
            where !AllowedReferences.GetValueOrDefault(module, []).Contains(reference)
            select $"src/{module} refers to {reference}");

    [Fact]
    public void Samples_know_the_product_only_through_its_network_face() =>
        Findings.ShouldBeNone(
            from project in Repository.Files
            where project.StartsWith("samples/", StringComparison.Ordinal) && project.EndsWith(".csproj", StringComparison.Ordinal)
            from reference in Repository.ProjectReferences(project)
            select $"{project} refers to {reference}");

    [Fact]
    public void Every_module_has_a_readme_that_says_what_it_owns() =>
        Findings.ShouldBeNone(Repository.Modules.SelectMany(ReadmeFindings));

    private static IEnumerable<string> ReadmeFindings(string module)
    {
        var readme = $"src/{module}/README.md";
        if (!Repository.Exists(readme))
        {
            return [$"{readme} is missing"];
        }

        // A heading, or a paragraph that begins with the words in bold.
        var headings = Repository.Lines(readme).Select(line => Heading().Match(line)).Where(match => match.Success)
            .Select(match => match.Groups["words"].Value.ToLowerInvariant());
        return ReadmeHeadings.Except(headings).Select(heading => $"{readme} has no heading \"{heading}\"");
    }

    [GeneratedRegex(@"^(?:#+\s+|\*\*)(?<words>[A-Za-z ]+?)\.?\s*(?:\*\*|$)")]
    private static partial Regex Heading();
}
