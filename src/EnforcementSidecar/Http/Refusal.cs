namespace Metering.EnforcementSidecar.Http;

/// <summary>Why a posted body can not be taken, and which part of it is at fault.</summary>
internal sealed record Refusal(Denial Denial, string Detail, string Pointer)
{
    private static readonly Denial Forged =
        Denial.Plain(StatusCodes.Status401Unauthorized, "unauthenticated", "The reservation is not valid", "reservation_forged");

    private static readonly Denial UnknownCustomer =
        Denial.Plain(StatusCodes.Status409Conflict, "conflict", "The customer is gone", "customer_unknown");

    public static readonly Refusal NotMadeHere = new(Forged, "The reservation was not made here.", "/reservation");

    public static readonly Refusal CustomerGone = new(UnknownCustomer, "The customer of the reservation is not known any more.", "/reservation");

    public static Refusal Invalid(string pointer, string detail) => new(Denial.InvalidRequest, detail, pointer);
}
