using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Json;
using Metering.EnforcementSidecar.Tests.Support;
using NodaTime;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Access;

/// <summary>Reading a line quickly must come to the same as reading it with the serializer.</summary>
public sealed class CustomerLinesTests
{
    private static readonly QuotaTerms Quota = Some.Hard(Some.Id(), 10);

    private static readonly FeatureAccess[] Features =
    [
        Some.Feature("summarize"),
        Some.Feature("summarize", Some.Hard(Some.Id(), 10)),
        Some.Feature("summarize", Some.Soft("not-an-id", 10), new RateLimitTerms(5, 1, 5), new RateLimitTerms(50, 60, 50)),
        Some.Feature("sümmarize \"quoted\"") with { Config = """{"a":{"b":[1,"\u00fc"]}}""", EventType = null },
        Some.Feature("translate", Some.Hard(Some.Id(), 10)) with
        {
            ActiveFrom = Some.Start + Duration.FromNanoseconds(123_456_000), ActiveTo = Some.Start + Duration.FromDays(400),
            Reservation = Some.Reserved(), Concurrency = new ConcurrencyTerms(3, 60),
            BodySize = new SizeTerms(100, true), PromptSize = new SizeTerms(10, false),
        },
    ];

    private static readonly CredentialAccess[] Restricted =
    [
        Some.Restricted("bot", "summarize"),
        Some.Restricted("old") with { ExpiresAt = Some.Start, ApplicationId = Some.Id(), AgentId = Some.Id(), Suspended = true },
        new("no hash", null, null, null, null),
    ];

    // The reader makes customers of nothing here, and so needs nobody to spend from.
    private readonly CustomerCompiler compiler = new(broker: null!);

    [Fact]
    public void A_line_is_read_as_the_serializer_reads_it() => Prop.ForAll(
        ArbMap.Default.ArbFor<(byte Features, byte Restricted, byte Other, string? Text)>(),
        choice =>
        {
            var access = new CustomerAccess(
                choice.Other % 5 == 0 ? "a customer of another kind" : Some.Id(), choice.Text, "subject of " + choice.Text,
                (CustomerStatus)(choice.Other % 3),
                [.. Enumerable.Range(0, choice.Other % 5).Select(key => key == 3 ? "none" : FakeHost.Hash($"key-{key}"))],
                Chosen(Features, choice.Features))
            {
                RestrictedCredentials = Chosen(Restricted, choice.Restricted),
            };
            AssertSame(new CustomerChanged(choice.Other + 1, access));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("""{"kind":"snapshot_ends","version":3}""")]
    [InlineData("""{"kind":"customer_changed","version":3,"customer":null}""")]
    [InlineData("""{"version":3,"kind":"customer_changed","customer":{}}""")]
    [InlineData("""{"kind":"customer_changed","version":3,"customer":{"customerId":"a","subject":"b","status":"Active"},"since":"format 9"}""")]
    [InlineData("""{"kind":"customer_changed","version":3,"customer":{"customerId":"a","subject":"b","status":"Active","debt":true}}""")]
    [InlineData("""{"kind":"customer_changed","version":3,"customer":{"customerId":"a","subject":"b","status":"Unheard-of"}}""")]
    [InlineData("""{"kind":"customer_changed","version":3,"customer":{"customerId":"a","subject":"b"}}""")]
    [InlineData("""{"kind":"customer_changed","version":3,"customer":{"customerId":"a","status":"Active","credentialHashes":[null]}}""")]
    public void What_is_not_known_is_left_to_the_serializer(string line) =>
        Assert.False(compiler.Lines.TryRead(Encoding.UTF8.GetBytes(line), out _, out _));

    [Fact]
    public void A_torn_line_is_no_line()
    {
        var line = LineOf(new CustomerChanged(7, Some.Customer("free", [.. Features])));
        for (var length = 0; length < line.Length; length++)
        {
            var torn = line[..length];
            Assert.ThrowsAny<JsonException>(() => compiler.Lines.TryRead(torn, out _, out _));
        }

        Assert.ThrowsAny<JsonException>(() => compiler.Lines.TryRead([.. line, .. "{"u8], out _, out _));
    }

    [Fact]
    public void Customers_of_whom_the_same_is_said_share_the_terms_and_keep_what_is_their_own()
    {
        var later = Some.Start + Duration.FromDays(3);
        var (one, other) = (Some.Id(), Some.Id());
        var first = Read(Some.Feature("summarize", Quota with { EntitlementId = one }, new RateLimitTerms(5, 1, 5)));
        var second = Read(Some.Feature("summarize", Quota with { EntitlementId = other }, new RateLimitTerms(5, 1, 5)) with { ActiveFrom = later });
        var third = Read(Some.Feature("summarize", Quota with { EntitlementId = other, Limit = 11 }, new RateLimitTerms(5, 1, 5)));

        Assert.Same(first.Terms, second.Terms);
        Assert.NotSame(first.Terms, third.Terms);
        Assert.Equal((one, other), (first.Entitlement.ToString(), second.Entitlement.ToString()));
        Assert.Equal((Some.Start.ToUnixTimeTicks(), later.ToUnixTimeTicks()), (first.ActiveFrom, second.ActiveFrom));
    }

    private FeatureGrant Read(FeatureAccess feature) =>
        compiler.Lines.TryRead(LineOf(new CustomerChanged(1, Some.Customer("free", feature))), out _, out var draft)
            ? draft.Features[0]
            : throw new InvalidOperationException("The line was not understood.");

    private static byte[] LineOf(SidecarMessage message) => JsonSerializer.SerializeToUtf8Bytes(message, SidecarJson.Default.SidecarMessage);

    private static ImmutableArray<T> Chosen<T>(T[] from, byte bits) => [.. from.Where((_, at) => (bits >> at & 1) == 1)];

    private void AssertSame(CustomerChanged changed)
    {
        var line = LineOf(changed);
        Assert.True(compiler.Lines.TryRead(line, out var version, out var quick));
        var known = ((CustomerChanged)JsonSerializer.Deserialize(line, SidecarJson.Default.SidecarMessage)!).Customer;
        var slow = compiler.Draft(known);

        Assert.Equal(changed.Version, version);
        Assert.Equal((slow.Id, slow.Subject, slow.Status), (quick.Id, quick.Subject, quick.Status));
        Assert.Equal(known.CustomerId, quick.Id.ToString());
        Assert.Equal(slow.Features.ToArray(), quick.Features.ToArray());
        Assert.Equal(slow.Keys.ToArray().Select(Told), quick.Keys.ToArray().Select(Told));
    }

    private static string Told(KeyDraft key) => key.Restriction is not { } restriction
        ? $"{key.Hash}"
        : $"{key.Hash} {restriction.ApplicationId} {restriction.AgentId} {restriction.IsSuspended} {restriction.IsExpired(Some.Start)} "
            + $"{restriction.Admits("summarize")} {restriction.Admits("translate")}";
}
