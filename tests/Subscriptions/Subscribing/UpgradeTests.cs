using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using Metering.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using NodaTime.Text;
using Npgsql;
using Xunit;

namespace Metering.Subscriptions.Tests.Subscribing;

/// <summary>What was subscribed to before versions were kept is there afterwards, and bills the same.</summary>
public sealed class UpgradeTests
{
    private static readonly Guid Subscription = new("01900000-0000-7000-8000-000000000051");
    private static readonly Guid Item = new("01900000-0000-7000-8000-000000000071");

    [Fact]
    public async Task Phases_and_items_of_an_older_database_become_the_first_version()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        var metering = new MeteringDatabase(source);
        await MigrateAsync(metering, SubscriptionsModule.Migrations.Migrations.RemoveAll(migration => migration.Number >= 7));
        await using (var session = await metering.BeginAsync(CancellationToken.None))
        {
            await session.ExecuteAsync(OldRowsSql, null, CancellationToken.None);
            await session.CommitAsync(CancellationToken.None);
        }

        await MigrateAsync(metering, SubscriptionsModule.Migrations.Migrations);

        var billable = (await new SubscriptionReader(metering).FindAsync(Subscription, CancellationToken.None))!;
        Assert.Equal(
            ["trial 2026-01-01T00:00:00Z 2026-02-01T00:00:00Z", "paid 2026-02-01T00:00:00Z "],
            billable.Phases.Select(phase => $"{phase.Key} {phase.From} {Text(phase.To)}"));
        Assert.Empty(billable.Phases[0].RateCards);
        var card = Assert.Single(billable.Phases[1].RateCards);
        Assert.Equal(Item, card.ItemId);
        Assert.Equal("calls", card.MeterSlug);
        Assert.Equal(new Price.PerUnit(2m), card.Price);
        await using var read = await metering.OpenAsync(CancellationToken.None);
        var spec = await SubscriptionVersions.LatestAsync(read, Subscription, CancellationToken.None);
        Assert.Equal(Item, Assert.Single(spec.Items).EntitledBy);
        Assert.Equal(spec.Phases.Length, spec.Origin.Length);
    }

    private static string Text(Instant? instant) => instant is { } known ? InstantPattern.ExtendedIso.Format(known) : "";

    private static Task MigrateAsync(MeteringDatabase database, ImmutableArray<Migration> migrations) =>
        new Migrator(database, [new MigrationSet("subscriptions", migrations)], NullLogger<Migrator>.Instance).MigrateAsync(CancellationToken.None);

    private const string OldRowsSql = """
        insert into subscriptions.customer (id, key, name, time_zone, metadata, created_at, updated_at)
        values ('01900000-0000-7000-8000-000000000011', 'acme', 'Acme', 'UTC', '{}', '2026-01-01Z', '2026-01-01Z');
        insert into subscriptions.customer_subject (customer_id, subject, position, implied)
        values ('01900000-0000-7000-8000-000000000011', 'acme', 1, true);
        insert into subscriptions.feature (id, key, name, meter_slug, event_type, aggregation, metadata, created_at, updated_at)
        values ('01900000-0000-7000-8000-000000000021', 'calls', 'Calls', 'calls', 'call', 'Count', '{}', '2026-01-01Z', '2026-01-01Z');
        insert into subscriptions.plan
            (id, key, version, name, currency, billing_cadence, prorates, phases, metadata, effective_from, created_at, updated_at)
        values
            ('01900000-0000-7000-8000-000000000041', 'pro', 1, 'Pro', 'USD', 'P1M', true, '[]', '{}', '2026-01-01Z', '2026-01-01Z', '2026-01-01Z');
        insert into subscriptions.subscription
            (id, customer_id, plan_id, name, currency, billing_cadence, billing_anchor, prorates, active_from, metadata, created_at, updated_at)
        values
            ('01900000-0000-7000-8000-000000000051', '01900000-0000-7000-8000-000000000011', '01900000-0000-7000-8000-000000000041', 'Pro', 'USD',
             'P1M', '2026-01-01Z', true, '2026-01-01Z', '{}', '2026-01-01Z', '2026-01-01Z');
        insert into subscriptions.subscription_phase (id, subscription_id, position, key, name, active_from, active_to)
        values
            ('01900000-0000-7000-8000-000000000061', '01900000-0000-7000-8000-000000000051', 0, 'trial', 'Trial', '2026-01-01Z', '2026-02-01Z'),
            ('01900000-0000-7000-8000-000000000062', '01900000-0000-7000-8000-000000000051', 1, 'paid', 'Paid', '2026-02-01Z', null);
        insert into subscriptions.subscription_item (id, phase_id, position, feature_id, rate_card)
        values
            ('01900000-0000-7000-8000-000000000071', '01900000-0000-7000-8000-000000000062', 0, '01900000-0000-7000-8000-000000000021', '{
                "type": "usage_based", "key": "calls", "name": "Calls", "featureKey": "calls", "billingCadence": "P1M",
                "price": {"type": "unit", "amount": "2"}, "entitlementTemplate": {"type": "boolean"}}')
        """;
}
