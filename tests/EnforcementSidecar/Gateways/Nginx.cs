using Metering.Testing;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary><c>nginx</c> asks by <c>auth_request</c> and settles; <c>njs</c> asks by its JavaScript module.</summary>
internal sealed class Nginx(string name) : IGateway
{
    private const string Binary = "/usr/sbin/nginx";
    private const string Module = "/usr/lib/nginx/modules/ngx_http_js_module.so";

    public string Name => name;

    public bool IsInstalled => File.Exists(Binary) && File.Exists(Module);

    public GatewayCommand Prepare(GatewaySite site)
    {
        var arguments = NginxSample.Render(site.Directory, site.Port, site.Sidecar.Authority, site.Service.Authority, name, site.FailOpen);
        return new GatewayCommand(Binary, [.. arguments, "-e", "stderr"]);
    }
}
