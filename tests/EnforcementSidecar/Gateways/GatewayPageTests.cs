using Xunit;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>Whoever compares gateways finds the same things in the same places.</summary>
public sealed class GatewayPageTests
{
    private const int LinesOfAScreen = 50;
    private static readonly string[] Sections = ["Set up", "What the client gets", "When no sidecar answers", "What it can not do"];

    public static TheoryData<string> Gateways => [.. Directory.GetDirectories(WireExchange.Folder).Select(folder => Path.GetFileName(folder)!)];

    [Theory]
    [MemberData(nameof(Gateways))]
    public void Every_gateway_has_a_page_of_one_screen_with_the_same_sections(string gateway)
    {
        var page = File.ReadAllLines(Path.Combine(WireExchange.Folder, gateway, "README.md"));
        var sections = page.Where(line => line.StartsWith("## ", StringComparison.Ordinal)).Select(line => line[3..]).Take(Sections.Length);

        Assert.Equal(Sections, sections);
        Assert.InRange(page.Length, Sections.Length * 2, LinesOfAScreen);
    }

    [Theory]
    [MemberData(nameof(Gateways))]
    public void The_matrix_names_every_gateway(string gateway) =>
        Assert.Contains($"]({gateway}/README.md)", File.ReadAllText(Path.Combine(WireExchange.Folder, "README.md")), StringComparison.Ordinal);
}
