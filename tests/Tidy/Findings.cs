using Xunit;

namespace Metering.Tidy;

/// <summary>Fails a test with every finding at once, so that one run names all there is to do.</summary>
internal static class Findings
{
    public static void ShouldBeNone(IEnumerable<string> findings)
    {
        var all = findings.ToArray();
        Assert.True(all.Length == 0, $"{all.Length} findings:\n" + string.Join('\n', all));
    }
}
