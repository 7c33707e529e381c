namespace Metering.EnforcementSidecar.Tests.Gateways;

internal sealed class HaProxy : IGateway
{
    private const string Binary = "/usr/sbin/haproxy";

    public string Name => "haproxy";

    public bool IsInstalled => File.Exists(Binary);

    public GatewayCommand Prepare(GatewaySite site)
    {
        site.CopySample(Name, "metering.lua");
        return new GatewayCommand(Binary, ["-db", "-C", site.Directory, "-f", site.CopySample(Name, "haproxy.cfg")]);
    }
}
