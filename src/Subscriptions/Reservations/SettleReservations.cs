using System.Collections.Immutable;
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

namespace Metering.Subscriptions.Reservations;

/// <summary>
/// <c>POST /api/v1/sidecar/settlements</c>: what reservations used of their pools, so that the rest is free again.
/// <see cref="SettlementExchangeRequest"/> is the protocol.
/// </summary>
internal static class SettleReservations
{
    public const int MaxSettlements = 1_000;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/sidecar/settlements", SettleAsync).RequireScope(Scope.Enforcement)
            .WithName("settleReservations").WithSummary("Report what reservations used").Produces<SettlementExchangeResponse>()
            .WithTags("Sidecar")
            .WithExample("""{"sidecarId":"gateway-1","settlements":[]}""");

    private static async Task<IResult> SettleAsync(
        SettlementExchangeRequest request, SettlementDesk desk, IClock clock, CancellationToken cancellationToken)
    {
        if (Check(request) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        ImmutableArray<ReservationSettlement> settlements = request.Settlements.IsDefault ? [] : request.Settlements;
        var outcomes = await desk.SettleAsync(settlements, clock.GetCurrentInstant(), cancellationToken);
        return Results.Json(new SettlementExchangeResponse(outcomes), SidecarJson.Options);
    }

    private static FieldErrors Check(SettlementExchangeRequest request)
    {
        var errors = new FieldErrors();
        errors.AddIf(
            request.SidecarId is not { Length: >= 1 and <= LeaseTerms.MaxSidecarIdLength }, "/sidecarId", "out_of_range",
            $"A sidecar id has 1 to {LeaseTerms.MaxSidecarIdLength} characters.");
        var settlements = request.Settlements.IsDefault ? [] : request.Settlements;
        errors.AddIf(settlements.Length > MaxSettlements, "/settlements", "too_many", $"At most {MaxSettlements} settlements.");
        foreach (var (i, one) in settlements.Take(MaxSettlements).Index())
        {
            var at = $"/settlements/{i}";
            errors.AddIf(
                one is null || !PublicId.TryParse(one.ReservationId, out _), $"{at}/reservationId", "invalid_id",
                "A reservation id has 26 characters.");
            errors.AddIf(
                one is null || !PublicId.TryParse(one.EntitlementId, out _), $"{at}/entitlementId", "invalid_id",
                "An entitlement id has 26 characters.");
            errors.AddIf(
                one is { Reserved: < 0 or > LeaseTerms.MaxUnits }, $"{at}/reserved", "out_of_range",
                $"0 to {LeaseTerms.MaxUnits} units can be reserved.");
            errors.AddIf(
                one is { Used: < 0 or > LeaseTerms.MaxUnits }, $"{at}/used", "out_of_range", $"0 to {LeaseTerms.MaxUnits} units can be used.");
        }

        return errors;
    }
}
