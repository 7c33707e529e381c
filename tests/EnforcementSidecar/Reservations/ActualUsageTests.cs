using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Reservations;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Reservations;

public sealed class ActualUsageTests
{
    private const string OpenAi =
        """{"usage":{"prompt_tokens":100,"completion_tokens":40,"total_tokens":140,"completion_tokens_details":{"reasoning_tokens":30}}}""";

    private const string Anthropic =
        """{"usage":{"input_tokens":100,"cache_read_input_tokens":900,"output_tokens":40}}""";

    private const string Gemini =
        """{"response":{"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":30,"thoughtsTokenCount":10,"totalTokenCount":140}}}""";

    private const string Fields = """{"prompt_tokens":100,"completion_tokens":40,"total_tokens":140}""";

    [Theory]
    [InlineData(OpenAi, 140, 100, 40)]
    [InlineData(Anthropic, 1_040, 1_000, 40)]
    [InlineData(Gemini, 140, 100, 40)]
    [InlineData(Fields, 140, 100, 40)]
    public void What_a_provider_reports_is_counted_as_the_ledger_counts_it(string data, long total, long input, long output)
    {
        using var json = JsonDocument.Parse(data);
        foreach (var (counts, units) in (IEnumerable<(CountedTokens, long)>)
            [(CountedTokens.Total, total), (CountedTokens.Input, input), (CountedTokens.Output, output)])
        {
            Assert.Null(ActualUsage.TryRead(json.RootElement, counts, out var usage));
            Assert.Equal((units, output), (usage!.Value.Units, usage.Value.OutputTokens));
        }
    }

    [Theory]
    [InlineData("{}", null)]
    [InlineData("""{"path":"/chat"}""", null)]
    [InlineData("""{"total_tokens":7}""", 7L)]
    [InlineData("""{"total_tokens":-7}""", null)]
    public void What_is_not_reported_is_not_nothing(string data, long? units)
    {
        using var json = JsonDocument.Parse(data);
        Assert.Null(ActualUsage.TryRead(json.RootElement, CountedTokens.Total, out var usage));
        Assert.Equal(units, usage?.Units);
    }

    [Fact]
    public void A_report_that_contradicts_itself_is_refused()
    {
        using var json = JsonDocument.Parse("""{"usage":{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":2}}}""");
        Assert.NotNull(ActualUsage.TryRead(json.RootElement, CountedTokens.Total, out var usage));
        Assert.Null(usage);
    }
}
