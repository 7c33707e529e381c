using Metering.Testing;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>The plugin for Kong on nginx's own Lua module, which is what Kong is made of.</summary>
internal sealed class KongOnNginx : IGateway
{
    private const string Binary = "/usr/sbin/nginx";
    private const string Modules = "/usr/lib/nginx/modules";
    private static readonly string Stand = Path.Combine(Repository.Root, "tests", "EnforcementSidecar", "Gateways", "KongOnNginx");
    private static readonly string Plugin = Path.Combine(WireExchange.Folder, "kong", "kong", "plugins", "metering");

    public string Name => "kong";

    public bool IsInstalled => File.Exists(Binary) && File.Exists(Path.Combine(Modules, "ngx_http_lua_module.so"));

    public GatewayCommand Prepare(GatewaySite site)
    {
        site.Copy(Path.Combine(Plugin, "handler.lua"), "kong/plugins/metering/handler.lua");
        site.Copy(Path.Combine(Plugin, "schema.lua"), "kong/plugins/metering/schema.lua");
        site.Copy(Path.Combine(Stand, "http.lua"), "resty/http.lua");
        site.Copy(Path.Combine(Stand, "pdk.lua"), "pdk.lua");
        var configuration = site.Copy(
            Path.Combine(Stand, "nginx.conf.template"), "nginx.conf", ("RUN", site.Directory), ("MODULES", Modules), ("PORT", $"{site.Port}"),
            ("SIDECAR", site.Sidecar.Authority), ("UPSTREAM", site.Service.Authority), ("FAILURE", site.Failure));
        return new GatewayCommand(Binary, ["-p", site.Directory, "-c", configuration, "-e", "stderr"]);
    }
}
