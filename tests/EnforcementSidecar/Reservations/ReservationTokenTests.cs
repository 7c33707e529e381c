using Metering.EnforcementSidecar.Http;
using Metering.EnforcementSidecar.Identifiers;
using Metering.EnforcementSidecar.Reservations;
using Metering.EnforcementSidecar.Tests.Support;
using NodaTime;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Reservations;

public sealed class ReservationTokenTests
{
    private static readonly byte[] Key = "0123456789abcdef"u8.ToArray();

    [Theory]
    [InlineData("summarize", 1)]
    [InlineData("a.b.c.7", 1_000_000_000_000)]
    public void What_was_signed_is_read_again(string feature, long units)
    {
        var reservation = new Reservation(Ulid.New(Some.Start), Some.Id(), feature, units);
        var token = ReservationToken.Sign(reservation, Key);

        Assert.Equal(ReservationReading.Valid, ReservationToken.Read(token, Key, out var read));
        Assert.Equal(reservation, read);
        Assert.Equal(Some.Start, Ulid.TimeOf(read.Id));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Who_uses_the_key_is_read_again(bool application, bool agent)
    {
        var reservation = new Reservation(
            Ulid.New(Some.Start), Some.Id(), "a.b.7", 3, application ? Some.Id() : null, agent ? Some.Id() : null);
        var token = ReservationToken.Sign(reservation, Key);

        Assert.Equal(ReservationReading.Valid, ReservationToken.Read(token, Key, out var read));
        Assert.Equal(reservation, read);
    }

    [Theory]
    [InlineData(1, false, true)]
    [InlineData(2, true, false)]
    [InlineData(0, true, true)]
    public void What_was_taken_from_which_period_is_read_again(int quotas, bool named, bool prompted)
    {
        ReservedQuota[] taken = [.. Enumerable.Range(0, quotas).Select(i => new ReservedQuota(
            Some.Id(), i == 0 ? Some.Start + Duration.FromTicks(10) : null, CheckEndpoint.MaxUnits - i))];
        var reservation = new Reservation(Ulid.New(Some.Start), Some.Id(), "a.b.7", 12, named ? Some.Id() : null)
        {
            Quotas = quotas == 0 ? default : [.. taken],
            PromptTokens = prompted ? 34 : null,
        };

        Assert.Equal(ReservationReading.Valid, ReservationToken.Read(ReservationToken.Sign(reservation, Key), Key, out var read));
        Assert.Equal(taken, read.Quotas.IsDefault ? [] : read.Quotas);
        Assert.Equal(reservation with { Quotas = default }, read with { Quotas = default });
    }

    [Fact]
    public void The_longest_token_that_can_be_signed_can_be_read()
    {
        var reservation = new Reservation(
            Ulid.New(Some.Start), Some.Id(), new string('f', CheckEndpoint.MaxFeatureKeyLength), CheckEndpoint.MaxUnits, Some.Id(), Some.Id())
        {
            Quotas = [.. Enumerable.Range(0, ReservationToken.MaxQuotas).Select(_ => new ReservedQuota(
                Some.Id(), Instant.FromUtc(9999, 12, 31, 0, 0), CheckEndpoint.MaxUnits))],
            PromptTokens = CheckEndpoint.MaxUnits,
        };

        Assert.Equal(ReservationReading.Valid, ReservationToken.Read(ReservationToken.Sign(reservation, Key), Key, out var read));
        Assert.Equal(reservation.Quotas, (IEnumerable<ReservedQuota>)read.Quotas);
        Assert.Equal(reservation with { Quotas = default }, read with { Quotas = default });
    }

    [Fact]
    public void A_token_with_any_character_changed_or_another_key_is_not_valid()
    {
        var token = ReservationToken.Sign(new Reservation(Ulid.New(Some.Start), Some.Id(), "summarize", 1), Key);
        for (var i = 0; i < token.Length - 1; i++)
        {
            var changed = token[..i] + (token[i] == '2' ? '3' : '2') + token[(i + 1)..];
            Assert.NotEqual(ReservationReading.Valid, ReservationToken.Read(changed, Key, out _));
        }

        Assert.Equal(ReservationReading.Forged, ReservationToken.Read(token, "another key here"u8, out _));
        var users = ReservationToken.Sign(new Reservation(Ulid.New(Some.Start), Some.Id(), "~x.summarize", 1), Key);
        foreach (var nonsense in (string[])[users, "", ".", "....", new string('.', 500), token[..^1], token + "A"])
        {
            Assert.Equal(ReservationReading.Malformed, ReservationToken.Read(nonsense, Key, out _));
        }
    }
}
