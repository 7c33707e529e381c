namespace Metering.Sidecar.Bench.Servers;

/// <summary>
/// One worker of nginx that forwards to a service of its own: as it is, after asking itself, and after asking the sidecar by auth_request as in
/// samples/gateways/nginx.
/// </summary>
internal static class Gateway
{
    public const string Plain = "/plain";
    public const string AskingItself = "/itself";
    public const string AskingOverTcp = "/tcp";
    public const string AskingOverSocket = "/socket";

    public static async Task<ServerProcess> StartAsync(string folder, int port, int sidecarPort, string sidecarSocket)
    {
        var path = Path.Combine(folder, "gateway.conf");
        await File.WriteAllTextAsync(path, $$"""
            daemon off;
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            worker_processes 1;
            pid {{folder}}/gateway.pid;
            error_log {{folder}}/gateway-error.log;
            events { worker_connections 1024; }
            http {
                access_log off;
                keepalive_requests 100000000;
                upstream service { server unix:{{folder}}/service.sock; keepalive 32; keepalive_requests 100000000; }
                upstream itself { server unix:{{folder}}/itself.sock; keepalive 32; keepalive_requests 100000000; }
                upstream tcp { server 127.0.0.1:{{sidecarPort}}; keepalive 64; keepalive_requests 100000000; }
                upstream socket { server unix:{{sidecarSocket}}; keepalive 64; keepalive_requests 100000000; }
                server { listen unix:{{folder}}/service.sock; location / { return 204; } }
                server { listen unix:{{folder}}/itself.sock; location / { return 204; } }
                server {
                    listen 127.0.0.1:{{port}};
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    location {{Plain}} { proxy_pass http://service; }
                    {{Asking(AskingItself, "itself")}}
                    {{Asking(AskingOverTcp, "tcp")}}
                    {{Asking(AskingOverSocket, "socket")}}
                }
            }
            """);
        return await ServerProcess.StartAsync("nginx", ["-c", path, "-p", folder], [], () => ServerProcess.ListensAsync(port));
    }

    private static string Asking(string location, string upstream) => $$"""
        location {{location}} { auth_request /ask/{{upstream}}; proxy_pass http://service; }
        location = /ask/{{upstream}} {
            internal;
            proxy_pass http://{{upstream}}/v1/check;
            proxy_http_version 1.1;
            proxy_pass_request_body off;
            proxy_pass_request_headers off;
            proxy_set_header Connection "";
            proxy_set_header Content-Length "";
            proxy_set_header Authorization $http_authorization;
            proxy_set_header X-Api-Key $http_x_api_key;
            proxy_set_header X-Meter-Flavor nginx;
            proxy_set_header X-Meter-Feature {{Population.Feature}};
            proxy_set_header X-Meter-Units 1;
            proxy_set_header X-Meter-Request-Id $request_id;
            proxy_set_header X-Original-Method $request_method;
            proxy_set_header X-Original-URI $request_uri;
            proxy_set_header X-Original-Content-Length $http_content_length;
        }
        """;
}
