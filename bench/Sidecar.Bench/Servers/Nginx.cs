namespace Metering.Sidecar.Bench.Servers;

/// <summary>One worker of nginx that answers 204, on a port and a Unix socket.</summary>
internal static class Nginx
{
    public static async Task<ServerProcess> StartAsync(string folder, int port, string socket)
    {
        var path = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(path, $$"""
            daemon off;
            worker_processes 1;
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/error.log;
            events { worker_connections 1024; }
            http {
                access_log off;
                keepalive_requests 100000000;
                server {
                    listen 127.0.0.1:{{port}};
                    listen unix:{{socket}};
                    location / { return 204; }
                }
            }
            """);
        return await ServerProcess.StartAsync("nginx", ["-c", path, "-p", folder], [], () => ServerProcess.ListensAsync(port));
    }
}
