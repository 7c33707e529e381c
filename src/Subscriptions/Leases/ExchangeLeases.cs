using System.Diagnostics;
using Metering.Contracts.Sidecar;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Security;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Leases;

/// <summary>
/// <c>POST /api/v1/sidecar/leases</c>: reports and requests in one transaction over the locked pools. <see cref="LeaseExchangeRequest"/> is
/// the protocol.
/// </summary>
internal static class ExchangeLeases
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/sidecar/leases", ExchangeAsync).RequireScope(Scope.Enforcement)
            .WithName("exchangeLeases").WithSummary("Report what a sidecar has spent and lease more").Produces<LeaseExchangeResponse>()
            .WithTags("Sidecar")
            .WithExample("""{"sidecarId":"gateway-1","reports":[],"requests":[]}""");

    private static async Task<IResult> ExchangeAsync(
        LeaseExchangeRequest request, LeaseDesk desk, LeaseRecalls recalls, SidecarStreams sidecars, IClock clock,
        CancellationToken cancellationToken)
    {
        if (Check(request) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var started = Stopwatch.GetTimestamp();
        var response = await desk.ExchangeAsync(request, sidecars.ActiveCount, clock.GetCurrentInstant(), cancellationToken);
        if (request.AnsweredRecall is { } answered)
        {
            recalls.Answer(request.SidecarId, answered);
        }

        SubscriptionsTelemetry.Exchanged(response, Stopwatch.GetElapsedTime(started));
        return Results.Json(response, SidecarJson.Options);
    }

    private static FieldErrors Check(LeaseExchangeRequest request)
    {
        var errors = new FieldErrors();
        errors.AddIf(
            request.SidecarId is not { Length: >= 1 and <= LeaseTerms.MaxSidecarIdLength }, "/sidecarId", "out_of_range",
            $"A sidecar id has 1 to {LeaseTerms.MaxSidecarIdLength} characters.");
        var reports = request.Reports.IsDefault ? [] : request.Reports;
        var requests = request.Requests.IsDefault ? [] : request.Requests;
        errors.AddIf(reports.Length > LeaseTerms.MaxReports, "/reports", "too_many", $"At most {LeaseTerms.MaxReports} reports.");
        errors.AddIf(requests.Length > LeaseTerms.MaxRequests, "/requests", "too_many", $"At most {LeaseTerms.MaxRequests} requests.");
        foreach (var (i, one) in reports.Take(LeaseTerms.MaxReports).Index())
        {
            errors.AddIf(
                one is null || !PublicId.TryParse(one.LeaseId, out _), $"/reports/{i}/leaseId", "invalid_id", "A lease id has 26 characters.");
            errors.AddIf(one is { Spent: < 0 }, $"/reports/{i}/spent", "negative", "Nobody spends less than nothing.");
        }

        foreach (var (i, one) in requests.Take(LeaseTerms.MaxRequests).Index())
        {
            errors.AddIf(
                one is null || !PublicId.TryParse(one.LeaseId, out _), $"/requests/{i}/leaseId", "invalid_id", "A lease id has 26 characters.");
            errors.AddIf(
                one is { Wanted: < 0 or > LeaseTerms.MaxUnits }, $"/requests/{i}/wanted", "out_of_range",
                $"0 to {LeaseTerms.MaxUnits} units can be wanted.");
            errors.AddIf(
                one is { Needed: < 0 or > LeaseTerms.MaxUnits }, $"/requests/{i}/needed", "out_of_range",
                $"0 to {LeaseTerms.MaxUnits} units can be needed.");
        }

        return errors;
    }
}
