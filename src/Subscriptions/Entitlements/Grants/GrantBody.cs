using System.Collections.Immutable;
using System.Text.Json;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Grants;

/// <summary>What issues a grant: OpenMeter's shape.</summary>
/// <param name="MaxRolloverAmount">The whole amount when absent; version 1 of the API says 0.</param>
internal sealed record GrantBody(
    decimal Amount,
    Instant EffectiveAt,
    int? Priority = null,
    ExpirationBody? Expiration = null,
    decimal? MinRolloverAmount = null,
    decimal? MaxRolloverAmount = null,
    RecurringPeriodBody? Recurrence = null,
    ImmutableSortedDictionary<string, string>? Metadata = null,
    JsonElement? Annotations = null)
{
    private const int MaxPriority = 255;
    private const int MaxAnnotationsLength = 16_384;
    private static readonly Duration MaxAhead = Duration.FromDays(36_525);

    /// <summary>One amount of units: zero or above, at most 12 decimals.</summary>
    public static bool IsAmount(decimal amount) =>
        amount is >= 0m and <= EntitlementChecks.MaxAllowance && amount.Scale <= NumericConverter.MaxDecimals;

    public static void CheckAmount(decimal? amount, string pointer, FieldErrors errors) => errors.AddIf(
        amount is { } value && !IsAmount(value), pointer, "out_of_range",
        $"An amount is 0 to {EntitlementChecks.MaxAllowance} with at most {NumericConverter.MaxDecimals} decimals.");

    public static void CheckPriority(int? priority, string pointer, FieldErrors errors) => errors.AddIf(
        priority is < 1 or > MaxPriority, pointer, "out_of_range", $"A priority is 1 to {MaxPriority}.");

    /// <param name="notBefore">The usage period that is running began here; what was before it is not granted any more.</param>
    public void Check(string at, Instant notBefore, Instant now, FieldErrors errors)
    {
        CheckAmount(Amount, $"{at}/amount", errors);
        CheckAmount(MinRolloverAmount, $"{at}/minRolloverAmount", errors);
        CheckAmount(MaxRolloverAmount, $"{at}/maxRolloverAmount", errors);
        CheckPriority(Priority, $"{at}/priority", errors);
        Recurrence?.Check($"{at}/recurrence", errors);
        Expiration?.Check($"{at}/expiration", errors);
        Wire.Metadata.Check(Metadata, $"{at}/metadata", errors);
        errors.AddIf(
            EffectiveAt < notBefore, $"{at}/effectiveAt", "before_usage_period",
            $"A grant is effective at the earliest where the running usage period began, which is {notBefore}.");
        errors.AddIf(
            EffectiveAt > now + MaxAhead, $"{at}/effectiveAt", "out_of_range", "A grant is effective within the next hundred years.");
        errors.AddIf(
            Annotations is { } annotations
                && (annotations.ValueKind != JsonValueKind.Object || annotations.GetRawText().Length > MaxAnnotationsLength),
            $"{at}/annotations", "invalid_json", $"Annotations are an object of at most {MaxAnnotationsLength} characters.");
    }

    public GrantRow ToRow(EntitlementRow entitlement, DateTimeZone zone, bool rollsOver, Instant now) => new(
        PublicId.New(now), entitlement.Id, EntitlementRow.OfCustomer, IsIssue: false, ItemId: null, Amount, Priority ?? 1, EffectiveAt,
        Expiration?.Duration, Expiration?.Count, Expiration?.EndOf(EffectiveAt, zone), VoidedAt: null, MinRolloverAmount ?? 0m,
        MaxRolloverAmount ?? (rollsOver ? Amount : 0m), Recurrence?.Cadence.ToString(), Recurrence is null ? null : Recurrence.Anchor ?? EffectiveAt,
        zone.Id, Wire.Metadata.ToJson(Metadata ?? Wire.Metadata.None), Annotations?.GetRawText(), now, now);
}

/// <param name="Duration"><c>HOUR</c>, <c>DAY</c>, <c>WEEK</c>, <c>MONTH</c> or <c>YEAR</c>.</param>
internal sealed record ExpirationBody(string Duration, int Count)
{
    private const int MaxCount = 1_000;

    public void Check(string pointer, FieldErrors errors)
    {
        errors.AddIf(Unit is null, $"{pointer}/duration", "unknown_duration", "An expiration is counted in HOUR, DAY, WEEK, MONTH or YEAR.");
        errors.AddIf(Count is < 1 or > MaxCount, $"{pointer}/count", "out_of_range", $"An expiration comes after 1 to {MaxCount} of its units.");
    }

    /// <summary>Counted on the local calendar, as periods are.</summary>
    public Instant EndOf(Instant effectiveAt, DateTimeZone zone) =>
        new BillingCalendar(new Cadence(Count, Unit!.Value), effectiveAt, zone).Boundary(1);

    private CadenceUnit? Unit => Duration switch
    {
        "HOUR" => CadenceUnit.Hour,
        "DAY" => CadenceUnit.Day,
        "WEEK" => CadenceUnit.Week,
        "MONTH" => CadenceUnit.Month,
        "YEAR" => CadenceUnit.Year,
        _ => null,
    };
}
