using System.Text;
using Metering.Platform.Http;
using Xunit;

namespace Metering.Platform.Tests.Http;

public sealed class CsvTextTests
{
    [Fact]
    public void A_field_is_quoted_when_it_would_otherwise_be_more_than_one() => Assert.Equal(
        "a,,\"b,c\",\"say \"\"so\"\"\",\"two\nlines\"\r\n",
        new StringBuilder().AppendCsvRow(["a", null, "b,c", "say \"so\"", "two\nlines"]).ToString());

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("@sum", "'@sum")]
    [InlineData("-1", "'-1")]
    [InlineData("\tx", "'\tx")]
    [InlineData("acme = 1", "acme = 1")]
    [InlineData("", "")]
    [InlineData(null, null)]
    public void What_a_customer_named_is_no_formula(string? name, string? inert) => Assert.Equal(inert, CsvText.Inert(name));
}
