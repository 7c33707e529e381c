using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating.Tests;

/// <summary>
/// Balances that the established engines agree on, restated as tables; a row is named as in the collection of cases. <see cref="GrantText"/>
/// says how grants, usage and resets are written. Balances are those of g1, g2 and so on, a point for a grant that is not in force.
/// </summary>
public sealed class BurnDownCasesTest
{
    [Fact]
    public void Usage_burns_grants_in_order_and_what_is_left_is_overage() => Verify("""
        case  grants                       usage          resets  read  balances  overage  available  segments
        H1    -                            50@h1          -       h2    -         50       0          1
        H2    100                          50@h1          -       h2    50        0        100        1
        H3    100 void h1                  50@m30 50@m90  -       h2    .         50       50         2
        H5    100 | 100                    200@h1         -       h2    0 0       0        200        1
        H6    100 p1 | 100 p2              120@h1         -       h2    0 80      0        200        1
        H6    100 p2 | 100 p1              120@h1         -       h2    80 0      0        200        1
        H7    100 to d30 | 100 to d36500   120@h1         -       h2    0 80      0        200        1
        H7    100 to d36500 | 100 to d30   120@h1         -       h2    80 0      0        200        1
        H7    100 | 100 to d30             120@h1         -       h2    80 0      0        200        1
        made  100 made s2 | 100 made s1    120@h1         -       h2    80 0      0        200        1
        id    100 | 100                    120@h1         -       h2    0 80      0        200        1
        prio  100 p2 to d1 | 100 p1 to d2  120@h1         -       h2    80 0      0        200        1
        D8    100                          99.3@h1        -       h2    0.7       0        100        1
        """);

    [Fact]
    public void Only_grants_in_force_are_burnt_and_a_boundary_belongs_to_what_comes_after() => Verify("""
        case   grants                 usage         resets  read  balances  overage  available  segments
        H13    100 from d1            10@h1         -       h2    .         10       0          1
        H13    100 from -d2 to -d1    10@h1         -       h2    .         10       0          1
        H13    100 from -d2 to d0     10@h1         -       h2    .         10       0          1
        H13    100 from -d2 to d0+u1  10@h1         -       h2    .         10       0          2
        ends   100 to h1              10@h1-s1      -       h1    .         0        10         1
        ends   100 to h1              10@h1         -       h2    .         10       0          2
        start  100 from h1            10@h1         -       h2    90        0        100        2
        start  100 from h1            10@h1-s1      -       h1    90        0        100        1
        none   100 from h2 to h1      10@h1         -       h3    .         10       0          1
        both   100 to h1 void h1      10@m1         -       h2    .         0        10         2
        late   100 to h1 void h2      10@m1         -       h3    .         0        10         2
        early  100 to h2 void h1      10@m1         -       h3    .         0        10         2
        H16    100                    40@-d1 10@h1  -       h2    90        0        100        1
        after  100                    10@h1 40@h2   -       h2    90        0        100        1
        """);

    [Fact]
    public void A_grant_that_recurs_holds_its_full_amount_and_no_more() => Verify("""
        case   grants                                usage                     resets  read    balances  overage  available  segments
        H10    80 p3 | 100 p1 from d1 every P1W@d3   20@h1 20@d1-s1 20@d1      -       d10     40 100    0        200        3
        H12    100 every P1D@d1 | 100 p2 from d1+h1  30@d1+m30 20@d1+m90       -       d1+h2   50 100    0        200        3
        H12    100 every P1D@d1 | 100 p2 from d1+h1  30@d1+m30                 -       d1+h1   70 100    0        200        2
        H19    100 every P1D@d0                      100@h1 90@d1+h1 80@d2+h1  -       d3      100       0        370        3
        H19    100 every P1D@d0                      100@h1 90@d1+h1 80@d2+h1  -       d3-h1   20        0        290        3
        owed   100 every P1D@d0                      130@h1                    -       d1      70        0        200        1
        owed   100 every P1D@d0                      101@h1                    -       d1      99        0        200        1
        end    100 every P1D@d0 to d1                130@h1                    -       d1      .         30       100        1
        month  100 every P1M@d30                     10@d29 20@d30 5@d59-s1    -       d59-s1  80        0        110        2
        month  100 every P1M@d30                     10@d29 20@d30 5@d59-s1    -       d59     100       0        135        2
        """);

    [Fact]
    public void What_was_available_is_what_was_burnt_and_what_is_left() => Verify("""
        case  grants         usage  resets       read  balances  overage  available  segments
        H18   100            -      -            h2    100       0        100        1
        H18   100            10@h1  -            h2    90        0        100        1
        H18   -              10@h1  -            h2    -         10       0          1
        H18   100 roll 0..0  10@h1  h2 forgiven  h3    0         0        0          2
        H18   20 to h2       10@h1  -            h3    .         0        10         2
        """);

    [Fact]
    public void A_reset_rolls_balances_over_between_their_bounds() => Verify("""
        case   grants                       usage        resets                     read  balances  overage  available  segments
        I1     100 roll 0..50               10@h1        h5 forgiven                h5    50        0        50         1
        I1     100 roll 0..50               10@h1        h5 forgiven                h6    50        0        50         2
        I2     100 roll 50..50              110@h1       h5 preserved               h5    40        0        50         1
        I2     100 roll 50..50              110@h1       h5 forgiven                h5    50        0        50         1
        I7     100 from h5 roll 0..0        10@h1        h5 preserved               h5    90        0        100        1
        I7     100 from h5 roll 0..0        10@h1        h5 forgiven                h5    100       0        100        1
        I8     100 to h5 roll 50..50        10@h1        h5 forgiven                h5    .         0        0          1
        low    100 roll 60..80              70@h1        h5 forgiven                h5    60        0        60         1
        mid    100 roll 60..80              30@h1        h5 forgiven                h5    70        0        70         1
        high   100 roll 60..80              10@h1        h5 forgiven                h5    80        0        80         1
        cross  100 roll 60..50              70@h1        h5 forgiven                h5    50        0        50         1
        recur  100 every P1D@d0 roll 0..10  70@h1        d1 forgiven                d1    100       0        100        1
        carry  100 roll 0..0                130@h1       h5 preserved               h6    0         30       0          2
        carry  100 roll 0..0 | 20 from h6   130@h1       h5 preserved               h6    0 0       10       20         2
        after  100 roll 0..50               10@h5        h5 forgiven                h6    40        0        50         2
        twice  100 roll 0..50               10@h1 10@h5  h5 forgiven | h6 forgiven  h6    40        0        40         2
        start  100 roll 0..0                10@h1        d0 forgiven                h2    90        0        100        1
        until  100 roll 0..0                10@h1        h3 forgiven                h2    90        0        100        1
        """);

    [Fact]
    public void Prepaid_credits_pay_amounts_in_the_order_of_their_grants() => Verify("""
        case  grants                            usage         resets  read  balances  overage  available  segments
        E7    150                               100@h1 50@h1  -       h2    0         0        150        1
        E7    150                               100@h1 55@h1  -       h2    0         5        150        1
        E7    75 | 75                           100@h1 50@h1  -       h2    0 0       0        150        1
        E7    125                               100@h1 50@h1  -       h2    0         25       125        1
        E8    175                               150@h1 50@h1  -       h2    0         25       175        1
        L1    10 to d10                         4@d5          -       d6    6         0        10         1
        L1    10 to d10                         4@d5          -       d10   .         0        4          1
        L5    10                                15@h1         -       h2    0         5        10         1
        L5    10 | 20 from h2                   15@h1         -       h2    0 15      0        30         1
        W-2   10 p50 | 10 p49                   1@h1          -       h2    10 9      0        20         1
        W-3   10 p50 | 10 p49 | 10 p49 made s1  15@h1         -       h2    10 0 5    0        30         1
        W-18  30 p1 | 70 p2                     80@h1         -       h2    0 20      0        100        1
        """);

    [Fact]
    public void Credits_that_end_say_how_they_ended()
    {
        const string table = """
            case   grant                        usage   granted  used  expired  voided  forfeited  closing
            L1     10 to d10                    4@d5    10       4     6        0       0          0
            L2     10 to d10                    -       10       0     10       0       0          0
            L2     10 to d10                    4@d5    10       4     6        0       0          0
            L2     10 to d10                    2@d5    10       2     8        0       0          0
            L6     100 void d5                  -       100      0     0        100     0          0
            L7     100 to d10 void d5           40@d1   100      40    0        60      0          0
            L7     100 void d5                  100@d1  100      100   0        0       0          0
            roll   100 roll 0..50               10@d1   100      10    0        0       40         50
            recur  100 every P10D@d0 roll 0..0  30@d1   200      30    0        0       70         100
            raise  100 roll 50..50              80@d1   130      80    0        0       0          50
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var account = BurnDown.Run(Input(row["grant"], row["usage"], row["case"] is "roll" or "raise" ? "d9 forgiven" : "-", "d10")).Accounts[0];
            Assert.Equal(
                (row.ToString(), row.Decimal("granted"), row.Decimal("used"), row.Decimal("expired"), row.Decimal("voided")),
                (row.ToString(), account.Granted, account.Used, account.Expired, account.Voided));
            Assert.Equal(
                (row.ToString(), row.Decimal("forfeited"), row.Decimal("closing")),
                (row.ToString(), account.Forfeited, account.Closing));
        }
    }

    [Fact]
    public void A_run_from_a_snapshot_goes_on_where_it_ended()
    {
        const string table = """
            case  grants  snapshot  overage  used  burnt  usage   read  balances  overage after  period usage  available
            H15   1000    800       0        200   200    100@h1  h2    700       0              300           1000
            H20   100     100       100      0     0      -       h2    0         0              0             100
            I11   100     90        0        10    10     10@h1   h2    80        0              20            100
            owed  100     0         30       0     100    10@h1   h2    0         40             10            100
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var input = Input(row["grants"], row["usage"], "-", row["read"]) with
            {
                Snapshot = new GrantSnapshot
                {
                    At = GrantText.Origin,
                    Balances = [new GrantBalance("g1", row.Decimal("snapshot"))],
                    Overage = row.Decimal("overage"),
                    PeriodStart = GrantText.Origin,
                    PeriodUsage = row.Decimal("used"),
                    PeriodBurnt = row.Decimal("burnt"),
                },
            };
            var after = BurnDown.Run(input).Snapshot;
            Assert.Equal((row.ToString(), row["balances"]), (row.ToString(), GrantText.Balances(input.Grants, after)));
            Assert.Equal(
                (row.Decimal("overage after"), row.Decimal("period usage"), row.Decimal("available")),
                (after.Overage, after.PeriodUsage, after.TotalAvailable));
        }
    }

    [Fact]
    public void H8_a_hundred_thousand_grants_burn_the_one_that_expires_first()
    {
        var usual = GrantText.Grants("100 to d10")[0];
        var grants = Enumerable.Range(0, GrantBounds.GrantsMax)
            .Select(number => usual with { Id = $"g{number:d6}", ExpiresAt = GrantText.At(number == 70_707 ? "d9" : "d10") })
            .ToImmutableArray();
        var balances = BurnDown.Run(Input("-", "99@h1", "-", "h2") with { Grants = grants }).Snapshot.Balances;
        Assert.Equal(new GrantBalance("g070707", 1m), Assert.Single(balances, balance => balance.Balance != 100m));
        Assert.Equal(GrantBounds.GrantsMax, balances.Length);
    }

    [Fact]
    public void Every_change_of_a_balance_is_in_the_history()
    {
        const string grants = "100 to d3 roll 20..50 | 30 p2 from d1 every P1D@d0 | 5 p3 void d2";
        var result = BurnDown.Run(Input(grants, "10@h1 90@d1 40@d2", "d2 preserved", "d3"));
        var segments = result.Segments.Select(segment =>
            $"{(segment.Period.Start - GrantText.Origin).Days}: {segment.OverageAtStart} + {segment.Usage} = "
            + string.Join(" + ", segment.Grants.Select(grant => $"{grant.Used} of {grant.GrantId}'s {grant.BalanceAtStart}"))
            + $" + {segment.OverageAtEnd}");
        Assert.Equal(
            [
                "0: 0 + 10 = 10 of g1's 100 + 0 of g3's 5 + 0",
                "1: 0 + 90 = 90 of g1's 90 + 0 of g2's 30 + 0 of g3's 5 + 0",
                "2: 0 + 40 = 20 of g1's 20 + 20 of g2's 30 + 0",
            ],
            segments);
        var movements = result.Movements.Select(movement =>
            $"{(movement.At - GrantText.Origin).Days} {movement.GrantId} {movement.Kind} {movement.Amount}");
        Assert.Equal(
            [
                "0 g1 Granted 100",
                "0 g3 Granted 5",
                "1 g2 Granted 30",
                "2 g3 Voided 5",
                "2 g1 RaisedAtReset 20",
                "2 g2 ForfeitedAtRecurrence 30",
                "2 g2 Granted 30",
                "3 g2 ForfeitedAtRecurrence 10",
                "3 g2 Granted 30",
            ],
            movements);
        Assert.Equal((30m, 40m, 40m), (result.Snapshot.Balance, result.Snapshot.PeriodUsage, result.Snapshot.PeriodBurnt));
        Assert.Equal(GrantText.At("d2"), result.Snapshot.PeriodStart);
    }

    [Fact]
    public void A_run_without_a_reset_counts_from_where_measurement_began()
    {
        var input = Input("100 p2 | 100 p1 | 100 p1 to d9", "10@h1", "-", "h2") with { MeasuredFrom = GrantText.At("m1") };
        var result = BurnDown.Run(input);
        Assert.Equal(GrantText.At("m1"), result.Snapshot.PeriodStart);
        Assert.Equal(["g3", "g2", "g1"], result.Accounts.Select(account => account.GrantId));
        Assert.Equal(1, new Grant { Id = "g", Amount = 1m, EffectiveAt = GrantText.Origin, CreatedAt = GrantText.Origin }.Priority);
    }

    [Fact]
    public void Forgiven_overage_is_counted_and_preserved_overage_is_not()
    {
        Assert.Equal(30m, BurnDown.Run(Input("100", "130@h1", "h5 forgiven", "h6")).OverageForgiven);
        Assert.Equal(0m, BurnDown.Run(Input("100", "130@h1", "h5 preserved", "h6")).OverageForgiven);
    }

    private static BurnDownInput Input(string grants, string usage, string resets, string until) => new()
    {
        MeasuredFrom = GrantText.Origin,
        Until = GrantText.At(until),
        Grants = GrantText.Grants(grants),
        Usage = GrantText.Usage(usage),
        Resets = GrantText.Resets(resets),
    };

    private static void Verify(string table)
    {
        foreach (var row in TextTable.Rows(table))
        {
            var input = Input(row["grants"], row["usage"], row["resets"], row["read"]);
            var result = BurnDown.Run(input);
            var after = result.Snapshot;
            Assert.Equal((row.ToString(), row["balances"]), (row.ToString(), GrantText.Balances(input.Grants, after)));
            Assert.Equal(
                (row.ToString(), row.Decimal("overage"), row.Decimal("available"), row.Decimal("segments")),
                (row.ToString(), after.Overage, after.TotalAvailable, result.Segments.Length));
        }
    }
}
