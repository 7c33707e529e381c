using System.Text.RegularExpressions;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Metering.Tidy;

/// <summary>The compose file cannot be run where the tests run, so it is held to the names, ports and images of the code.</summary>
public sealed partial class ComposeTests
{
    private static readonly YamlMappingNode Services = ReadServices();

    [Fact]
    public void Compose_has_the_four_processes_of_a_deployment() =>
        Assert.Equal(["host", "postgres", "rabbitmq", "sidecar"], Services.Children.Keys.Select(Scalar).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_service_has_a_health_check_and_restarts() =>
        Findings.ShouldBeNone(
            from service in Services.Children
            from key in new[] { "healthcheck", "restart" }
            where !((YamlMappingNode)service.Value).Children.ContainsKey(key)
            select $"{Scalar(service.Key)} has no {key}");

    [Fact]
    public void Images_are_pinned_to_a_release() =>
        Findings.ShouldBeNone(
            Services.Children.Values.Select(service => Scalar(((YamlMappingNode)service)["image"]))
                .Concat(Dockerfiles().SelectMany(file => From().Matches(Repository.Text(file)).Select(match => match.Groups["image"].Value)))
                .Where(image => !PinnedImage().IsMatch(image)));

    [Fact]
    public void PostgreSQL_is_of_a_version_that_the_scripts_accept()
    {
        var oldest = int.Parse(OldestPostgres().Match(Repository.Text("eng/postgres-programs.sh")).Groups["major"].Value);
        var image = Scalar(Service("postgres")["image"]);
        Assert.InRange(int.Parse(image.Split(':')[1].Split('.')[0]), oldest, 18);
    }

    [Fact]
    public void Our_images_carry_the_version_of_the_product()
    {
        var version = ProductVersion().Match(Repository.Text("Directory.Build.props")).Groups["version"].Value;
        Assert.Equal($"metering-host:{version}", Scalar(Service("host")["image"]));
        Assert.Equal($"metering-enforcement-sidecar:{version}", Scalar(Service("sidecar")["image"]));
    }

    [Fact]
    public void Ports_are_the_defaults_of_the_scripts_and_published_on_loopback_only()
    {
        AssertPort("host", "METERING_PORT");
        AssertPort("sidecar", "METERING_SIDECAR_PORT");
        Findings.ShouldBeNone(
            from service in Services.Children
            where Scalar(service.Key) is "postgres" or "rabbitmq" && ((YamlMappingNode)service.Value).Children.ContainsKey("ports")
            select $"{Scalar(service.Key)} publishes a port, which only host and sidecar need");
    }

    [Fact]
    public void Every_environment_name_is_read_by_the_code()
    {
        var read = Names(Repository.CSharp("src"));
        Findings.ShouldBeNone(EnvironmentNames().Where(name => !read.Contains(name)).Select(name => $"no file under src reads {name}"));
    }

    [Fact]
    public void Every_environment_name_is_one_that_the_scripts_set_too()
    {
        var set = Names(Repository.Files.Where(file => file == "metering" || file.StartsWith("eng/", StringComparison.Ordinal)));
        Findings.ShouldBeNone(EnvironmentNames().Where(name => !set.Contains(name)).Select(name => $"no script sets {name}"));
    }

    [Fact]
    public void Secrets_come_from_the_environment() =>
        Findings.ShouldBeNone(
            from service in Services.Children
            from setting in EnvironmentOf((YamlMappingNode)service.Value)
            where Secret().IsMatch(setting.Key + "=" + setting.Value) && !setting.Value.Contains(":?", StringComparison.Ordinal)
            select $"{Scalar(service.Key)}: {setting.Key} does not insist on a variable");

    [Fact]
    public void Dockerfiles_do_not_run_as_root_and_expose_the_port_of_the_service()
    {
        foreach (var (service, file) in new[] { ("host", "src/Host/Dockerfile"), ("sidecar", "src/EnforcementSidecar/Dockerfile") })
        {
            Assert.Equal(file, Scalar(((YamlMappingNode)Service(service)["build"])["dockerfile"]));
            var text = Repository.Text(file);
            Assert.Matches(@"(?m)^USER \$APP_UID$", text);
            Assert.Contains($"\nEXPOSE {PublishedPort(service)}\n", text, StringComparison.Ordinal);
            var settings = EnvironmentOf(Service(service)).Select(setting => setting.Key);
            var named = Name().Matches(text).Select(match => match.Value);
            Findings.ShouldBeNone(named.Except(settings).Select(name => $"{file} sets {name}, compose does not"));
        }
    }

    private static void AssertPort(string service, string name)
    {
        var expected = Regex.Match(Repository.Text("eng/settings.sh"), $@"\$\{{{name}:-(?<port>\d+)\}}").Groups["port"].Value;
        Assert.NotEmpty(expected);
        Assert.Equal(expected, EnvironmentOf(Service(service)).Single(setting => setting.Key == name).Value);
        Assert.Equal($"127.0.0.1:{expected}:{expected}", Scalar(((YamlSequenceNode)Service(service)["ports"]).Children.Single()));
        Assert.Contains($"/dev/tcp/127.0.0.1/{expected} ", Service(service)["healthcheck"].ToString(), StringComparison.Ordinal);
    }

    private static string PublishedPort(string service) => Scalar(((YamlSequenceNode)Service(service)["ports"]).Children.Single()).Split(':')[^1];

    private static HashSet<string> Names(IEnumerable<string> files) =>
        [.. files.SelectMany(file => Name().Matches(Repository.Text(file))).Select(match => match.Value)];

    private static IEnumerable<string> EnvironmentNames() =>
        Services.Children.Values.SelectMany(service => EnvironmentOf((YamlMappingNode)service)).Select(setting => setting.Key)
            .Where(key => key.StartsWith("METERING_", StringComparison.Ordinal)).Distinct();

    private static IEnumerable<KeyValuePair<string, string>> EnvironmentOf(YamlMappingNode service) =>
        ((YamlMappingNode)service["environment"]).Children.Select(pair => KeyValuePair.Create(Scalar(pair.Key), Scalar(pair.Value)));

    private static IEnumerable<string> Dockerfiles() => Repository.Files.Where(file => file.EndsWith("/Dockerfile", StringComparison.Ordinal));

    private static YamlMappingNode Service(string name) => (YamlMappingNode)Services[name];

    private static string Scalar(YamlNode node) => ((YamlScalarNode)node).Value!;

    private static YamlMappingNode ReadServices()
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(Repository.Text("docker-compose.yml")));
        return (YamlMappingNode)((YamlMappingNode)stream.Documents[0].RootNode)["services"];
    }

    [GeneratedRegex(@"METERING_[A-Z][A-Z_]*[A-Z]")]
    private static partial Regex Name();

    [GeneratedRegex(@"(?m)^FROM (?<image>\S+)")]
    private static partial Regex From();

    [GeneratedRegex(@":\d+\.\d+(\.\d+)?(-[a-z]+)?$")]
    private static partial Regex PinnedImage();

    [GeneratedRegex(@"POSTGRES_OLDEST=(?<major>\d+)")]
    private static partial Regex OldestPostgres();

    [GeneratedRegex("<Version>(?<version>[^<]+)</Version>")]
    private static partial Regex ProductVersion();

    [GeneratedRegex("PASS|Password=|amqp://")]
    private static partial Regex Secret();
}
