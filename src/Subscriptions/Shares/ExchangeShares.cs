using System.Diagnostics;
using Metering.Contracts.Sidecar;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Security;
using Metering.Subscriptions.Leases;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Shares;

/// <summary><c>POST /api/v1/sidecar/shares</c>: how limits are divided among sidecars. <see cref="ShareExchangeRequest"/> is the protocol.</summary>
internal static class ExchangeShares
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/sidecar/shares", ExchangeAsync).RequireScope(Scope.Enforcement)
            .WithName("exchangeShares").WithSummary("Lease shares of rate limits and of limits of requests in flight")
            .Produces<ShareExchangeResponse>().WithTags("Sidecar")
            .WithExample("""{"sidecarId":"gateway-1","start":1,"shares":[]}""");

    private static async Task<IResult> ExchangeAsync(
        ShareExchangeRequest request, ShareDesk desk, ShareRecalls recalls, IClock clock, CancellationToken cancellationToken)
    {
        if (Check(request) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var started = Stopwatch.GetTimestamp();
        var shares = request.Shares.IsDefault ? [] : request.Shares;
        var response = shares.IsEmpty
            ? new ShareExchangeResponse([])
            : await desk.ExchangeAsync(request with { Shares = shares }, clock.GetCurrentInstant(), cancellationToken);
        if (request.AnsweredRecall is { } answered)
        {
            recalls.Answer(answered);
        }

        SubscriptionsTelemetry.Exchanged(response, Stopwatch.GetElapsedTime(started));
        return Results.Json(response, SidecarJson.Options);
    }

    private static FieldErrors Check(ShareExchangeRequest request)
    {
        var errors = new FieldErrors();
        errors.AddIf(
            request.SidecarId is not { Length: >= 1 and <= LeaseTerms.MaxSidecarIdLength }, "/sidecarId", "out_of_range",
            $"A sidecar id has 1 to {LeaseTerms.MaxSidecarIdLength} characters.");
        errors.AddIf(request.Start < 0, "/start", "negative", "Starts are counted from 0.");
        var shares = request.Shares.IsDefault ? [] : request.Shares;
        errors.AddIf(shares.Length > ShareTerms.MaxRequests, "/shares", "too_many", $"At most {ShareTerms.MaxRequests} shares.");
        foreach (var (i, one) in shares.Take(ShareTerms.MaxRequests).Index())
        {
            Check(one, $"/shares/{i}", errors);
        }

        return errors;
    }

    private static void Check(ShareRequest? one, string at, FieldErrors errors)
    {
        if (one is not { Limit: { } limit })
        {
            errors.Add($"{at}/limit", "required", "A share is of a limit.");
            return;
        }

        errors.AddIf(
            limit.CustomerId is null || !PublicId.TryParse(limit.CustomerId, out _), $"{at}/limit/customerId", "invalid_id",
            "A customer id has 26 characters.");
        errors.AddIf(
            limit.FeatureKey is not { Length: >= 1 and <= ShareTerms.MaxFeatureKeyLength }, $"{at}/limit/featureKey", "out_of_range",
            $"A feature key has 1 to {ShareTerms.MaxFeatureKeyLength} characters.");
        errors.AddIf(
            limit.Name is not { Length: >= 1 and <= ShareTerms.MaxNameLength }, $"{at}/limit/name", "out_of_range",
            $"The name of a limit has 1 to {ShareTerms.MaxNameLength} characters.");
        CheckRange(one.Keeps, 0, ShareParts.Whole, "keeps");
        CheckRange(one.Units, 1, ShareTerms.MaxUnits, "units");
        CheckRange(one.Needed, 0, ShareTerms.MaxUnits, "needed");
        CheckRange(one.Demand, 0, ShareTerms.MaxUnits, "demand");
        CheckRange(one.Wants, 0, ShareTerms.MaxUnits, "wants");
        CheckRange(one.FullInMicroseconds, 0, ShareTerms.MaxRefillMicroseconds, "fullInMicroseconds");
        CheckRange(one.RefillMicroseconds, 0, ShareTerms.MaxRefillMicroseconds, "refillMicroseconds");
        CheckRange(one.LingersMilliseconds, 0, ShareTerms.MaxLingersMilliseconds, "lingersMilliseconds");

        void CheckRange(long value, long least, long most, string field) =>
            errors.AddIf(value < least || value > most, $"{at}/{field}", "out_of_range", $"{least} to {most}.");
    }
}
