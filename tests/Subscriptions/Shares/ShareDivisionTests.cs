using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Metering.Subscriptions.Shares;
using Xunit;

namespace Metering.Subscriptions.Tests.Shares;

public sealed class ShareDivisionTests
{
    [Fact]
    public void What_waits_comes_first_then_demand_then_what_is_wanted()
    {
        // One cell for each sidecar: needed/demand/wants.
        const string table = """
            units  claims                       given
               10  0/1/10                       10
               10  0/1/10 0/1/10                5 5
               10  0/9/10 0/1/10                9 1
               10  0/20/20 0/3/20               7 3
               10  0/20/20 0/20/20 0/20/20      4 3 3
               10  0/2/4 0/3/5                  4 5
                1  0/1/1 1/1/1                  0 1
                1  1/1/1 0/1/1                  1 0
                3  0/5/5 2/5/5                  1 2
                5  0/0/0 0/2/3                  0 3
                0  1/1/1                        0
            """;
        foreach (var row in table.Split('\n', StringSplitOptions.TrimEntries).Skip(1))
        {
            var cells = row.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var claims = cells[1].Split(' ').Select(Claim).ToList();
            var given = ShareDivision.Divide(long.Parse(cells[0], CultureInfo.InvariantCulture), claims);
            Assert.Equal((row, cells[2]), (row, string.Join(' ', given)));
        }

        static ShareClaim Claim(string text)
        {
            var numbers = text.Split('/').Select(part => long.Parse(part, CultureInfo.InvariantCulture)).ToArray();
            return new ShareClaim(numbers[0], numbers[1], numbers[2]);
        }
    }

    [Fact]
    public void Whatever_is_claimed_no_more_is_given_than_there_is_and_nothing_lies_idle_that_is_wanted() =>
        Prop.ForAll<byte, byte[]>((units, numbers) =>
        {
            var claims = numbers.Chunk(3).Where(chunk => chunk.Length == 3)
                .Select(chunk => (Needed: chunk[0] % 4, Demand: chunk[1] % 50, Wants: chunk[2] % 100))
                .Select(one => new ShareClaim(one.Needed, one.Demand, Math.Max(one.Wants, Math.Max(one.Demand, one.Needed)))).ToList();
            var given = ShareDivision.Divide(units, claims);
            Assert.Equal(Math.Min(units, claims.Sum(claim => claim.Wants)), given.Sum());
            Assert.All(given.Zip(claims), pair => Assert.InRange(pair.First, 0, pair.Second.Wants));

            // Whoever has less than it wants has no less, but for one that can not be divided, than another that is past its own demand.
            foreach (var (mine, claim) in given.Zip(claims).Where(pair => pair.First < pair.Second.Demand))
            {
                Assert.All(
                    given.Zip(claims).Where(other => other.First > Math.Max(other.Second.Needed, 0)),
                    other => Assert.True(other.First <= mine + 1, $"{other.First} against {mine} of {claim}"));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
}
