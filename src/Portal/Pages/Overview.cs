using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using NodaTime;

namespace Metering.Portal.Pages;

/// <summary>What the first page shows.</summary>
/// <param name="Account">The customer's name.</param>
/// <param name="Zone">Where the customer's days begin.</param>
public sealed record Overview(
    string Account,
    DateTimeZone Zone,
    ImmutableArray<UpcomingCost> Subscriptions,
    ImmutableArray<AccountLimit> Limits,
    ImmutableArray<UsageSeries> Usage);

/// <summary>One thing the plan includes.</summary>
/// <param name="Name">As the plan calls it; the feature's own name where the plan has no word for it.</param>
/// <param name="Metered">Null for what is simply there or not.</param>
public sealed record AccountLimit(string Name, bool HasAccess, MeteredLimit? Metered);

/// <param name="Limit">Null: no limit.</param>
/// <param name="IsSoft">Usage goes on beyond the limit.</param>
public sealed record MeteredLimit(decimal Used, decimal? Limit, Instant? ResetsAt, bool IsSoft)
{
    public bool IsExhausted => Used >= Limit;
}

/// <summary>A meter by day, every day present.</summary>
/// <param name="Key">The meter's slug.</param>
public sealed record UsageSeries(string Key, string Name, ImmutableArray<UsageDay> Days)
{
    public decimal Total => Days.Sum(day => day.Quantity);

    public decimal Max => Days.IsEmpty ? 0m : Days.Max(day => day.Quantity);
}

public sealed record UsageDay(LocalDate Date, decimal Quantity);
