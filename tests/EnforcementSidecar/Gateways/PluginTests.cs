using Metering.Testing;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>Plugins for gateways that can not run here have specifications of their own, in their own language.</summary>
public sealed class PluginTests
{
    private const string Lua = "/usr/bin/lua5.1";
    private const string Python = "/usr/bin/python3";

    [Theory]
    [InlineData("kong", Lua, "spec/handler_spec.lua")]
    [InlineData("tyk", Python, "-B", "spec/metering_spec.py")]
    public async Task The_plugin_does_what_its_own_specification_says(string gateway, string interpreter, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists(interpreter), $"{interpreter} is not installed; ./metering test installs it");
        var folder = Path.Combine(WireExchange.Folder, gateway);

        // A case that fails makes the interpreter end with another code, which throws with what it said.
        await ManagedProcess.RunAsync(
            "env", ["--chdir=" + folder, interpreter, .. arguments], new Dictionary<string, string>(), TestContext.Current.CancellationToken);
    }
}
