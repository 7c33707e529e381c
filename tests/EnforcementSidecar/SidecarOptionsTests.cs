using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests;

public sealed class SidecarOptionsTests
{
    private static SidecarOptions Read(params (string Name, string Value)[] environment) =>
        SidecarOptions.FromEnvironment(name => environment.FirstOrDefault(one => one.Name == name).Value);

    [Fact]
    public void Defaults_are_loopback_and_the_ports_of_the_product()
    {
        var options = Read(("METERING_SIDECAR_KEY", "k"));

        Assert.Equal("http://127.0.0.1:8080/", options.HostUrl.ToString());
        Assert.Equal(("127.0.0.1", 8081), (options.BindAddress, options.Port));
        Assert.DoesNotContain("k", options.ToString().Split(' '));
    }

    [Fact]
    public void The_key_may_be_in_a_file()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "from-file\n");

        Assert.Equal("from-file", Read(("METERING_SIDECAR_KEY_FILE", file)).Key);
    }

    [Theory]
    [InlineData("METERING_SIDECAR_PORT", "many")]
    [InlineData("METERING_HOST_URL", "host:8080")]
    [InlineData("METERING_SIDECAR_BIND", "everywhere")]
    [InlineData("METERING_SIDECAR_HEADERS", "IETF")]
    [InlineData("METERING_SIDECAR_STATUS_OVERRIDES", "quota_exhausted")]
    [InlineData("METERING_SIDECAR_STATUS_OVERRIDES", "quota_exhausted=402=403")]
    [InlineData("METERING_SIDECAR_STATUS_OVERRIDES", "quota_exhausted=503")]
    [InlineData("METERING_SIDECAR_STATUS_OVERRIDES", "quota_exhausted=200")]
    [InlineData("METERING_SIDECAR_STATUS_OVERRIDES", "quota_exhausted=402,")]
    [InlineData("METERING_SIDECAR_STATUS_OVERRIDES", "quota_exhausted=402,quota_exhausted=403")]
    [InlineData("METERING_SIDECAR_STATUS_OVERRIDES", "no_such_reason=402")]
    [InlineData("METERING_SIDECAR_STATUS_OVERRIDES", "lease_unavailable=429")]
    [InlineData("METERING_SIDECAR_SOCKET", "/nowhere/check.sock")]
    [InlineData("METERING_SIDECAR_KEY", "two words")]
    [InlineData("METERING_SIDECAR_KEY_FILE", "/nowhere/key")]
    public void A_wrong_option_is_named(string name, string value)
    {
        var aboutTheKey = name.StartsWith("METERING_SIDECAR_KEY", StringComparison.Ordinal);
        (string, string)[] environment = aboutTheKey ? [(name, value)] : [("METERING_SIDECAR_KEY", "k"), (name, value)];
        Assert.StartsWith(name, Assert.Throws<InvalidOptionException>(() => Read(environment)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_can_not_start_says_why_and_exits_with_2()
    {
        var (exitCode, error) = await SidecarProcess.FailToStartAsync(("METERING_SIDECAR_KEY", ""), ("METERING_SIDECAR_PORT", "0"));

        Assert.Equal(2, exitCode);
        Assert.Equal("METERING_SIDECAR_KEY is not set, nor is METERING_SIDECAR_KEY_FILE; give an API key with the role sidecar.", error);
    }
}
