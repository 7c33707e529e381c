using Metering.Ingest.Events;
using Metering.Ingest.Meters;
using Metering.Ingest.Rollups;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>
/// <c>GET …/{idOrSlug}/subjects</c> and <c>…/group-by/{key}/values</c>: what there is to ask for. Read from the rollups, so that
/// <c>from</c> and <c>to</c> reach to the whole hours they lie in.
/// </summary>
internal static class MeterValues
{
    private const int MaxValues = 10_000;
    private static readonly Duration DefaultSpan = Duration.FromHours(24);

    public static void MapMeterValues(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/meters/{idOrSlug}/subjects", SubjectsAsync).RequireScope(Scope.UsageRead)
            .WithName("listMeterSubjects").WithSummary("List the subjects that a meter has seen").Produces<string[]>();
        routes.MapGet("/api/v1/meters/{idOrSlug}/group-by/{key}/values", ValuesAsync).RequireScope(Scope.UsageRead)
            .WithName("listMeterGroupByValues").WithSummary("List the values of a dimension").Produces<string[]>();
    }

    private static async Task<IResult> SubjectsAsync(
        string idOrSlug, string? from, string? to, MeteringDatabase database, UsageReader usage, CancellationToken cancellationToken)
    {
        if (HourSpan.TryRead(from, to, EventLimits.EarliestTime, out var span) is { } error)
        {
            return Problem.Invalid(error);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        if (await MeterCatalog.FindAsync(idOrSlug, session, cancellationToken) is not { } meter)
        {
            return Problem.NotFound("meter", idOrSlug);
        }

        return Results.Ok(await IsUntoldAsync(session, meter, cancellationToken)
            ? await FromUsageAsync(meter, UsageReader.SubjectDimension, span, row => row.Subject, usage, cancellationToken)
            : await session.QueryAsync<string>(SubjectsSql, new { meter.Number, span.From, span.To, MaxValues }, cancellationToken));
    }

    private static async Task<IResult> ValuesAsync(
        string idOrSlug, string key, string? from, string? to, MeteringDatabase database, UsageReader usage, IClock clock,
        CancellationToken cancellationToken)
    {
        if (HourSpan.TryRead(from, to, clock.GetCurrentInstant() - DefaultSpan, out var span) is { } error)
        {
            return Problem.Invalid(error);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        if (await MeterCatalog.FindAsync(idOrSlug, session, cancellationToken) is not { } meter)
        {
            return Problem.NotFound("meter", idOrSlug);
        }

        if (!meter.GroupBy.ContainsKey(key))
        {
            return Problem.NotFound("dimension", key);
        }

        return Results.Ok(await IsUntoldAsync(session, meter, cancellationToken)
            ? await FromUsageAsync(meter, key, span, row => row.Dimensions[key], usage, cancellationToken)
            : await session.QueryAsync<string>(ValuesSql, new { meter.Number, key, span.From, span.To, MaxValues }, cancellationToken));
    }

    /// <summary>While hours are to be made anew the rollups name what is gone, and do not name what has come.</summary>
    private static async Task<bool> IsUntoldAsync(DbSession session, Meter meter, CancellationToken cancellationToken) =>
        meter.Backfill is { IsRunning: true }
        || await session.SingleAsync<bool>(
            "select exists (select from ingest.restated_hour where meter = @Number and pending)", new { meter.Number }, cancellationToken);

    private static async Task<string[]> FromUsageAsync(
        Meter meter, string dimension, HourSpan span, Func<UsageRow, string?> valueOf, UsageReader usage, CancellationToken cancellationToken)
    {
        var hours = new UsageQuery(meter.Slug, UsageCells.HourOf(span.From), EndOfHour(span.To)) { GroupBy = [dimension] };
        var rows = await usage.ReadAsync(hours, cancellationToken);
        return [.. rows.Select(valueOf).OfType<string>().Take(MaxValues)];
    }

    private static Instant EndOfHour(Instant instant) =>
        UsageCells.HourOf(instant) == instant ? instant : UsageCells.HourOf(instant) + Duration.FromHours(1);

    private const string SubjectsSql = """
        select subject
        from (
            select subject from ingest.usage_hour where meter = @Number and hour > @From - interval '1 hour' and hour < @To
            union
            select subject from ingest.usage_delta where meter = @Number and hour > @From - interval '1 hour' and hour < @To
        ) as seen
        order by subject collate "C"
        limit @MaxValues
        """;

    private const string ValuesSql = """
        select value
        from (
            select dimensions ->> @key as value from ingest.usage_hour where meter = @Number and hour > @From - interval '1 hour' and hour < @To
            union
            select dimensions ->> @key from ingest.usage_delta where meter = @Number and hour > @From - interval '1 hour' and hour < @To
        ) as seen
        where value is not null
        order by value collate "C"
        limit @MaxValues
        """;

    private readonly record struct HourSpan(Instant From, Instant To)
    {
        public static FieldError? TryRead(string? from, string? to, Instant defaultFrom, out HourSpan span)
        {
            span = new HourSpan(defaultFrom, EventLimits.LatestTime);
            if (from is not null)
            {
                if (!InstantConverter.TryParse(from, out var parsed))
                {
                    return NotATime("?from");
                }

                span = span with { From = parsed };
            }

            if (to is not null)
            {
                if (!InstantConverter.TryParse(to, out var parsed))
                {
                    return NotATime("?to");
                }

                span = span with { To = parsed };
            }

            return null;
        }

        private static FieldError NotATime(string pointer) =>
            new(pointer, "invalid_time", InstantConverter.Expected);
    }
}
