using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Host.EventsImport;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests;

/// <summary><c>events tail</c> as the process that it is, beside a log that is written, rotated and truncated.</summary>
public sealed class EventsTailTests : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("metering-tail-").FullName;
    private TestHost host = null!;
    private int lines;

    private string Log => Path.Combine(directory, "access.log");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await TestHost.StartAsync();
        await SampleMeters.CreateAsync(host, "access-log.json");
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Each_line_is_sent_once_over_restarts_and_rotations()
    {
        Write(Log, 3);
        await File.AppendAllTextAsync(Log, Line().TrimEnd()[..40], Cancelled);
        Assert.StartsWith("3 sent, 0 known", await TailAsync(), StringComparison.Ordinal);

        // The line that was being written is finished, and its file renamed before anybody looks again.
        lines--;
        await File.AppendAllTextAsync(Log, Line()[40..], Cancelled);
        File.Move(Log, $"{Log}.1");
        Write($"{Log}.1", 1);
        Write(Log, 2);
        Assert.StartsWith("4 sent, 0 known", await TailAsync(), StringComparison.Ordinal);
        Assert.StartsWith("0 sent, 0 known", await TailAsync(), StringComparison.Ordinal);

        // Copied and truncated, twice, while nobody looked.
        for (var i = 2; i <= 3; i++)
        {
            Write(Log, 1);
            File.Copy(Log, $"{Log}-2026011{i}");
            await File.WriteAllTextAsync(Log, "", Cancelled);
            Write(Log, 1);
        }

        Assert.StartsWith("4 sent, 0 known", await TailAsync(), StringComparison.Ordinal);

        // The state is lost, the ids are the same.
        File.Delete($"{Log}.metering-tail");
        Assert.StartsWith("0 sent, 1 known", await TailAsync(), StringComparison.Ordinal);
        Assert.Equal($"{lines}", await CountAsync());
    }

    [Fact]
    public async Task Lines_without_an_id_are_known_by_their_place()
    {
        var mapping = JsonNode.Parse(await File.ReadAllTextAsync(Sample("access-log.json"), Cancelled))!.AsObject();
        mapping.Remove("idField");
        var path = Path.Combine(directory, "mapping.json");
        await File.WriteAllTextAsync(path, mapping.ToJsonString(), Cancelled);
        Write(Log, 3);
        Assert.StartsWith("3 sent", await TailAsync(path), StringComparison.Ordinal);
        File.Delete($"{Log}.metering-tail");
        Write(Log, 1);
        File.Copy(Log, $"{Log}.7");

        Assert.StartsWith("1 sent, 3 known", await TailAsync(path), StringComparison.Ordinal);
        Assert.Equal("4", await CountAsync());
    }

    [Fact]
    public async Task Killed_at_any_moment_it_loses_and_doubles_nothing()
    {
        using var writing = new CancellationTokenSource();
        var writer = Task.Run(
            async () =>
            {
                for (var i = 0; !writing.IsCancellationRequested; i++)
                {
                    Write(Log, 20);
                    if (i % 100 == 99)
                    {
                        File.Move(Log, $"{Log}.{i}");
                    }

                    await Task.Delay(1, Cancelled);
                }
            },
            Cancelled);

        for (var kill = 0; kill < 4; kill++)
        {
            await using var tail = ManagedProcess.Start("tail", "dotnet", Arguments(Sample("access-log.json")), Environment, directory);
            var before = await CountAsync();
            await tail.WaitReadyAsync(async _ => await CountAsync() != before, TimeSpan.FromMinutes(1), Cancelled);
            await tail.KillAsync(Cancelled);
        }

        await writing.CancelAsync();
        await writer;
        await TailAsync();

        Assert.Equal($"{lines}", await CountAsync());
        Assert.Empty((await host.GetAsync("/api/v1/events/conflicts"))["items"]!.AsArray());
    }

    [Fact]
    public async Task Lines_that_are_no_usage_are_told_and_hold_nothing_up()
    {
        Write(Log, 1);
        await File.AppendAllTextAsync(Log, "plain text\n{\"subject\":\"acme\",\"time\":\"noon\",\"id\":\"1\"}\n\n", Cancelled);
        await File.AppendAllTextAsync(Log, Line().Replace("acme", "", StringComparison.Ordinal), Cancelled);
        await File.AppendAllTextAsync(Log, Line().Replace("acme", new string('a', 300), StringComparison.Ordinal), Cancelled);
        Write(Log, 1);

        var (code, output, errors) = await RunAsync(Arguments(Sample("access-log.json"), "--once"));

        Assert.Equal((1, "2 sent, 0 known already, 3 refused, 1 nobody's."), (code, output.Trim()));
        Assert.Matches("access.log at byte \\d+: the line is not a JSON object", errors);
        Assert.Matches("access.log at byte \\d+: what stands at time is not a time", errors);
        Assert.Matches("access.log at byte \\d+: The attribute has 1 to 256 characters", errors);
    }

    [Theory]
    [InlineData("""{"type":"a","source":"s","timeField":"t"}""", "names either subject or subjectField")]
    [InlineData("""{"type":"a","source":"s","timeField":"t","subject":"x","color":1}""", "is wrong")]
    [InlineData("""{"type":"a","source":"s","subject":"x"}""", "is wrong")]
    [InlineData("{", "is wrong")]
    public async Task A_mapping_that_can_not_work_is_refused(string mapping, string expected)
    {
        var path = Path.Combine(directory, "mapping.json");
        await File.WriteAllTextAsync(path, mapping, Cancelled);
        Write(Log, 1);

        var (code, _, errors) = await RunAsync(Arguments(path, "--once"));

        Assert.Equal(2, code);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_found_again_is_told()
    {
        Write(Log, 2);
        await TailAsync();
        File.Delete(Log);
        Write(Log, 2);

        var (code, output, errors) = await RunAsync(Arguments(Sample("access-log.json"), "--once"));

        Assert.Equal((0, "2 sent"), (code, output[..6]));
        Assert.Contains("The file that was read last is not beside", errors, StringComparison.Ordinal);
    }

    /// <summary>What real nginx writes in the sample's format, with a user and without.</summary>
    [Fact]
    public async Task A_real_nginx_is_counted()
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/nginx"), "There is no nginx on this machine.");
        var port = FreePort.Take(1)[0];
        await File.WriteAllTextAsync(
            Path.Combine(directory, "nginx.conf"),
            $$"""
            daemon off; pid {{directory}}/nginx.pid; error_log stderr warn; events {}
            http {
              client_body_temp_path {{directory}}/b; proxy_temp_path {{directory}}/p; fastcgi_temp_path {{directory}}/f;
              uwsgi_temp_path {{directory}}/u; scgi_temp_path {{directory}}/s;
              include {{Sample("access-log.conf")}};
              server { listen 127.0.0.1:{{port}}; access_log {{Log}} metering; location / { return 200 "hello"; } location /no { return 404; } }
            }
            """,
            Cancelled);
        await using (var nginx = ManagedProcess.Start(
            "nginx", "/usr/sbin/nginx", ["-p", directory, "-c", Path.Combine(directory, "nginx.conf")], new Dictionary<string, string>(), directory))
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            client.DefaultRequestHeaders.Add("Authorization", $"Basic {Convert.ToBase64String("acme:secret"u8)}");
            await nginx.WaitReadyAsync(async token => await AnswersAsync(client, token), TimeSpan.FromSeconds(20), Cancelled);
            await client.GetStringAsync("/a\"b", Cancelled);
            using var missing = await client.GetAsync("/no", Cancelled);
            using var nobody = new HttpClient { BaseAddress = client.BaseAddress };
            await nobody.GetStringAsync("/", Cancelled);
        }

        Assert.StartsWith("3 sent, 0 known already, 0 refused, 1 nobody's.", await TailAsync(), StringComparison.Ordinal);
        var statuses = await host.QueryAsync("http_requests", "groupBy=status&subject=acme");
        Assert.Matches("status=200 2\n.* status=404 1$", statuses);
    }

    /// <summary>Too many at once, no room, no answer: the batch is tried again until it is taken, and counts once.</summary>
    [Fact]
    public async Task A_server_that_is_busy_is_asked_again()
    {
        using var reluctant = new Reluctant(host.Url);
        using var client = new HttpClient(reluctant) { BaseAddress = host.Url };
        client.DefaultRequestHeaders.Authorization = host.Client.DefaultRequestHeaders.Authorization;
        using var file = new MemoryStream(Encoding.UTF8.GetBytes(Line() + Line()));

        var summary = await new EventImport(client, MappingFile.Load(Sample("access-log.json"))).RunAsync(
            file, ImportFormat.Ndjson, (_, _) => { }, Cancelled);

        Assert.Equal((5, 0, 2), (reluctant.Asked, summary.Accepted, summary.Duplicate));
        Assert.Equal("2", await CountAsync());
    }

    private static async Task<bool> AnswersAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetAsync("/", cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private Dictionary<string, string> Environment => new()
    {
        ["METERING_HOST_URL"] = host.Url.ToString(), ["METERING_ADMIN_KEY"] = TestHost.AdminKey,
    };

    private string[] Arguments(string mapping, params string[] more) =>
        [BuildOutput.Program("src/Host", "Metering.Host"), "events", "tail", Log, "--mapping", mapping, .. more];

    private async Task<string> TailAsync(string? mapping = null)
    {
        var (code, output, errors) = await RunAsync(Arguments(mapping ?? Sample("access-log.json"), "--once"));
        return code == 0 ? output : throw new InvalidOperationException($"{code}: {errors}{output}");
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(Cancelled);
        var output = await process.StandardOutput.ReadToEndAsync(Cancelled);
        await process.WaitForExitAsync(Cancelled);
        return (process.ExitCode, output, await errors);
    }

    private async Task<string> CountAsync() => (await host.QueryAsync("http_requests")) is { Length: > 0 } answer ? answer.Split(' ')[^1] : "0";

    private void Write(string path, int count) => File.AppendAllText(path, string.Concat(Enumerable.Range(0, count).Select(_ => Line())));

    private string Line()
    {
        var number = Interlocked.Increment(ref lines);
        return new JsonObject
        {
            ["time"] = $"1768384800.{number % 1000:D3}", ["id"] = $"request-{number}", ["subject"] = "acme", ["method"] = "GET", ["host"] = "api",
            ["path"] = "/é", ["status"] = "200", ["request_bytes"] = "100", ["response_bytes"] = "900", ["seconds"] = "0.010",
        }.ToJsonString() + "\n";
    }

    private static string Sample(string file) => Path.Combine(Repository.Root, "samples", "gateways", "nginx", file);

    /// <summary>Refuses, breaks down and loses its answer before it does what it is asked.</summary>
    private sealed class Reluctant(Uri url) : DelegatingHandler(new SocketsHttpHandler())
    {
        public int Asked { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            switch (++Asked)
            {
                case 1:
                    return Busy(HttpStatusCode.TooManyRequests);
                case 2:
                    return Busy(HttpStatusCode.ServiceUnavailable);
                case 3:
                    throw new HttpRequestException($"{url} does not answer.");
                case 4:
                    using (await base.SendAsync(request, cancellationToken))
                    {
                        throw new HttpRequestException("The answer is lost.");
                    }

                default:
                    return await base.SendAsync(request, cancellationToken);
            }
        }

        private static HttpResponseMessage Busy(HttpStatusCode status)
        {
            var answer = new HttpResponseMessage(status);
            answer.Headers.RetryAfter = new(TimeSpan.Zero);
            return answer;
        }
    }
}
