using Metering.Platform.Problems;
using Xunit;

namespace Metering.Platform.Tests.Problems;

public sealed class JsonPointerTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("$", "")]
    [InlineData("$.key", "/key")]
    [InlineData("$.phases[0].rateCards[12].price", "/phases/0/rateCards/12/price")]
    [InlineData("$[3].source", "/3/source")]
    [InlineData("$.groupBy['a.b']", "/groupBy/a.b")]
    [InlineData("$['x/y~z'].v", "/x~1y~0z/v")]
    public void A_parsers_path_becomes_a_pointer(string? path, string pointer) => Assert.Equal(pointer, JsonPointer.FromPath(path));
}
