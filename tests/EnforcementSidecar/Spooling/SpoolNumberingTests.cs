using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Metering.EnforcementSidecar.Spooling;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Spooling;

public sealed class SpoolNumberingTests
{
    private readonly string directory = Directory.CreateTempSubdirectory("metering-spool-").FullName;

    private static JsonNode Written(SpoolNumbering numbering, long sequence)
    {
        using var written = new MemoryStream();
        numbering.Write(new SpoolRecord(sequence, "{\"id\":\"a}\"}"u8.ToArray()), written);
        return JsonNode.Parse(Encoding.UTF8.GetString(written.ToArray()))!;
    }

    [Fact]
    public void Numbers_follow_the_places_in_the_spool_and_go_on_after_a_restart()
    {
        var first = SpoolNumbering.Open(directory, "sidecar", firstUnshipped: 1);
        var second = SpoolNumbering.Open(directory, "sidecar", firstUnshipped: 7);

        Assert.Equal(first.Epoch, second.Epoch);
        Assert.Equal(("a}", "1", first.Epoch), Parts(Written(first, 1)));
        Assert.Equal(("a}", "8", first.Epoch), Parts(Written(second, 8)));

        static (string Id, string Number, string Epoch) Parts(JsonNode usage) =>
            ((string)usage["id"]!, (string)usage["meteringseq"]!, (string)usage["meteringepoch"]!);
    }

    [Fact]
    public void A_numbering_that_begins_in_an_old_spool_begins_at_one_with_what_is_not_shipped()
    {
        var numbering = SpoolNumbering.Open(directory, "sidecar", firstUnshipped: 501);

        Assert.Equal("1", (string?)Written(numbering, 501)["meteringseq"]);
        Assert.Null(Written(numbering, 500)["meteringseq"]);
    }

    [Fact]
    public void A_new_directory_is_another_epoch()
    {
        var before = SpoolNumbering.Open(directory, "sidecar", 1).Epoch;
        File.Delete(Path.Combine(directory, "numbering"));

        Assert.NotEqual(before, SpoolNumbering.Open(directory, "sidecar", 1).Epoch);
    }

    [Fact]
    public async Task Events_of_a_sidecar_that_is_killed_again_and_again_bear_each_number_once()
    {
        await using var host = await FakeHost.StartAsync();
        host.Put(Some.Customer("free", Some.Feature("summarize")));
        var data = Directory.CreateTempSubdirectory("metering-sidecar-").FullName;
        const int each = 7;
        for (var life = 1; life <= 3; life++)
        {
            await using var sidecar = await SidecarProcess.StartAsync(host, data);
            sidecar.Client.DefaultRequestHeaders.Add("X-Api-Key", "free");
            sidecar.Client.DefaultRequestHeaders.Add("X-Meter-Feature", "summarize");
            for (var i = 0; i < each; i++)
            {
                var reservation = (await sidecar.Client.GetAsync("/v1/check")).Header("X-Meter-Reservation")!;
                await sidecar.Client.SettleAsync(reservation);
            }

            await sidecar.KillAsync();
        }

        await using (await SidecarProcess.StartAsync(host, data))
        {
            await Eventually.TrueAsync(() => IdsByNumber(host).Count == 3 * each, "every event");
        }

        Assert.Equal(Enumerable.Range(1, 3 * each).Select(number => (long)number), IdsByNumber(host).Keys.Order());
        Assert.All(IdsByNumber(host), numbered => Assert.Single(numbered.Value));
        Assert.Single(host.EventsNow().Select(one => (string?)one["meteringepoch"]).Distinct());
    }

    private static Dictionary<long, HashSet<string>> IdsByNumber(FakeHost host) => host.EventsNow()
        .GroupBy(one => long.Parse((string)one["meteringseq"]!, CultureInfo.InvariantCulture))
        .ToDictionary(group => group.Key, group => group.Select(one => (string)one["id"]!).ToHashSet());
}
