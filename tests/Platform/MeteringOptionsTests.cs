using Xunit;

namespace Metering.Platform.Tests;

public sealed class MeteringOptionsTests
{
    [Fact]
    public void A_url_and_keywords_name_the_same_database()
    {
        var options = Read(("METERING_POSTGRES", "postgres://me:p%40ss@db.local:6543/billing"));
        Assert.Equal("Host=db.local;Port=6543;Database=billing;Username=me;Password=p@ss", options.Postgres);
        Assert.Equal("Host=x", Read(("METERING_POSTGRES", "Host=x")).Postgres);
    }

    [Theory]
    [InlineData("METERING_POSTGRES", "", "METERING_POSTGRES is not set; name a PostgreSQL 15 or newer, or use ./metering up.")]
    [InlineData("METERING_PORT", "eighty", "METERING_PORT is not a port number.")]
    [InlineData("METERING_PORT", "70000", "METERING_PORT is not a port number.")]
    [InlineData("METERING_RABBITMQ", "localhost", "METERING_RABBITMQ is not an absolute URL.")]
    [InlineData("METERING_TEST_CLOCK", "tomorrow", "METERING_TEST_CLOCK is not an RFC 3339 time such as 2026-01-15T09:00:00Z.")]
    public void A_wrong_option_is_named_in_a_sentence(string name, string value, string sentence)
    {
        var exception = Assert.Throws<InvalidOptionException>(() => Read(("METERING_POSTGRES", "Host=x"), (name, value)));
        Assert.Equal(sentence, exception.Message);
    }

    [Fact]
    public void Options_that_are_printed_tell_no_secret()
    {
        var options = Read(
            ("METERING_POSTGRES", "Host=x;Password=hush-1"), ("METERING_RABBITMQ", "amqp://me:hush-2@x"),
            ("METERING_ADMIN_KEY", "hush-3-0123456789"));
        Assert.DoesNotContain("hush", options.ToString(), StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:8080", options.ToString(), StringComparison.Ordinal);
    }

    private static MeteringOptions Read(params (string Name, string Value)[] environment) =>
        MeteringOptions.FromEnvironment(name => environment.LastOrDefault(entry => entry.Name == name).Value);
}
