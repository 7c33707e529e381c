using Metering.Invoicing.Invoices;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using NodaTime.Text;

namespace Metering.Invoicing.Suppliers;

/// <summary><c>/api/v1/billing/supplier</c>: what documents say about the seller from now on. Issued documents keep what they say.</summary>
internal static class SupplierEndpoints
{
    private const int MaxTextLength = 200;
    private const int MaxNoteLength = 2_000;
    private const int MaxPaymentTermsDays = 365;
    private static readonly Duration MaxCollectionPeriod = Duration.FromDays(30);

    public static void MapSupplier(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/billing/supplier", GetAsync).RequireScope(Scope.InvoicesRead)
            .WithName("getSupplier").WithSummary("Read what documents say about the seller").Produces<Supplier>();
        routes.MapPut("/api/v1/billing/supplier", ReplaceAsync).RequireScope(Scope.InvoicesWrite).Audited("supplier.replace")
            .WithName("updateSupplier").WithSummary("Replace what documents say about the seller").Produces<Supplier>()
            .WithExample(
                """
                {"name":"Summit GmbH","taxId":"DE123456789","email":"billing@summit.example","address":{"line1":"Bergstr. 1",
                 "postalCode":"10115","city":"Berlin","country":"DE"},"paymentTermsDays":14,"collectionPeriod":"PT1H"}
                """);
    }

    private static async Task<IResult> GetAsync(SupplierStore store, CancellationToken cancellationToken)
    {
        var supplier = Supplier.Of(await store.DefaultAsync(cancellationToken));
        return Results.Ok(supplier).WithTag(EntityTag.Of(supplier));
    }

    private static async Task<IResult> ReplaceAsync(
        Supplier request, IfMatch ifMatch, SupplierStore store, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var errors = Check(request, out var collectionPeriod).ToArray();
        if (errors.Length > 0)
        {
            return Problem.Invalid(errors);
        }

        await using var session = await database.BeginAsync(cancellationToken);
        var profile = await SupplierStore.DefaultForChangeAsync(session, cancellationToken);
        var before = Supplier.Of(profile);
        if (ifMatch.Refuse(EntityTag.Of(before)) is { } stale)
        {
            return stale;
        }

        await SupplierStore.ReplaceDefaultAsync(session, request.ToDetails(), collectionPeriod, cancellationToken);
        var after = Supplier.Of(await store.DefaultAsync(session, cancellationToken));
        var entry = new AuditEntry("supplier.replace", PublicId.Format(profile.Id), clock.GetCurrentInstant(), before, after);
        await AuditTrail.RecordAsync(session, entry, cancellationToken);
        return await session.CommitAsync(Results.Ok(after).WithTag(EntityTag.Of(after)), cancellationToken);
    }

    private static List<FieldError> Check(Supplier supplier, out Duration collectionPeriod)
    {
        var errors = new List<FieldError>();
        if (supplier.Name.Trim().Length == 0)
        {
            errors.Add(new FieldError("/name", "required", "A seller has a name."));
        }

        var address = supplier.Address ?? new InvoiceAddress();
        (string Pointer, string? Value, int Max)[] texts =
        [
            ("/name", supplier.Name, MaxTextLength), ("/taxId", supplier.TaxId, MaxTextLength), ("/email", supplier.Email, MaxTextLength),
            ("/address/line1", address.Line1, MaxTextLength), ("/address/line2", address.Line2, MaxTextLength),
            ("/address/postalCode", address.PostalCode, MaxTextLength), ("/address/city", address.City, MaxTextLength),
            ("/address/state", address.State, MaxTextLength), ("/bic", supplier.Bic, MaxTextLength),
            ("/invoiceNote", supplier.InvoiceNote, MaxNoteLength),
        ];
        errors.AddRange(texts.Where(text => text.Value?.Length > text.Max)
            .Select(text => new FieldError(text.Pointer, "too_long", $"At most {text.Max} characters.")));

        if (address.Country is { } country && country is not [>= 'A' and <= 'Z', >= 'A' and <= 'Z'])
        {
            errors.Add(new FieldError("/address/country", "invalid_country", "A country is two capital letters of ISO 3166, such as DE."));
        }

        if (supplier.Iban is { } iban && !Iban.IsValid(iban))
        {
            errors.Add(new FieldError("/iban", "invalid_iban", "The check digits of this IBAN do not match."));
        }

        if (supplier.PaymentTermsDays is < 0 or > MaxPaymentTermsDays)
        {
            errors.Add(new FieldError("/paymentTermsDays", "out_of_range", $"Between 0 and {MaxPaymentTermsDays} days."));
        }

        collectionPeriod = Duration.Zero;
        if (supplier.CollectionPeriod is { } text && !TryParsePeriod(text, out collectionPeriod))
        {
            errors.Add(new FieldError("/collectionPeriod", "invalid_duration", "A duration in days and time such as PT1H, at most P30D."));
        }

        return errors;
    }

    private static bool TryParsePeriod(string text, out Duration duration)
    {
        duration = Duration.Zero;
        if (text.Length > MaxTextLength || PeriodPattern.NormalizingIso.Parse(text) is not { Success: true } parsed
            || parsed.Value is { Years: not 0 } or { Months: not 0 })
        {
            return false;
        }

        duration = parsed.Value.ToDuration();
        return duration >= Duration.Zero && duration <= MaxCollectionPeriod;
    }
}

/// <summary>The seller as the API shows and takes it.</summary>
/// <param name="CollectionPeriod">ISO 8601, in days and time: how long late usage is waited for before a period is billed.</param>
public sealed record Supplier(
    string Name,
    string? TaxId = null,
    string? Email = null,
    InvoiceAddress? Address = null,
    string? Iban = null,
    string? Bic = null,
    int PaymentTermsDays = Supplier.DefaultPaymentTermsDays,
    string? InvoiceNote = null,
    string? CollectionPeriod = null)
{
    public const int DefaultPaymentTermsDays = 14;

    internal static Supplier Of(SupplierProfile profile) => new(
        profile.Details.Name, profile.Details.TaxId, profile.Details.Email, profile.Details.Address, profile.Details.Iban, profile.Details.Bic,
        profile.Details.PaymentTermsDays, profile.Details.InvoiceNote,
        PeriodPattern.NormalizingIso.Format(Period.FromSeconds((long)profile.CollectionPeriod.TotalSeconds)));

    internal InvoiceSupplier ToDetails() => new(
        Name.Trim(), TaxId, Email, Address, Iban is null ? null : Suppliers.Iban.Compact(Iban), Bic, PaymentTermsDays, InvoiceNote);
}
