namespace Metering.EnforcementSidecar.Tests.Gateways;

internal sealed class Caddy : IGateway
{
    private const string Binary = "/usr/bin/caddy";

    public string Name => "caddy";

    public bool IsInstalled => File.Exists(Binary);

    public GatewayCommand Prepare(GatewaySite site) => new(
        Binary, ["run", "--adapter", "caddyfile", "--config", site.CopySample(Name, "Caddyfile")], ("HOME", site.Directory));
}
