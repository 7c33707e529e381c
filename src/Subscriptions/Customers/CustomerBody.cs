using System.Collections.Immutable;
using System.Net.Mail;
using System.Text.Json.Serialization;
using Metering.Rating;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary>What creates or replaces a customer: OpenMeter's shape, and beside it what we add.</summary>
/// <param name="TimeZone">IANA; where the customer's days and months begin; when absent UTC, or what it was.</param>
/// <param name="Kind">Of <see cref="CustomerKind"/>; when absent external, or what it was.</param>
/// <param name="Level">Of <see cref="CustomerLevel"/>; when absent account, or what it was.</param>
internal sealed record CustomerBody(
    string Name,
    string? Key = null,
    string? Description = null,
    UsageAttribution? UsageAttribution = null,
    string? PrimaryEmail = null,
    string? Currency = null,
    PostalAddress? BillingAddress = null,
    string? TimeZone = null,
    string? Kind = null,
    string? Level = null,
    ImmutableSortedDictionary<string, string>? Metadata = null)
{
    private const int MaxCustomerKeyLength = 256;
    private const int MaxSubjects = 100;
    private const int MaxSubjectLength = 256;
    private const int MaxAddressPartLength = 256;
    private const int CountryCodeLength = 2;

    [JsonIgnore]
    public ImmutableArray<string> SubjectKeys => UsageAttribution?.SubjectKeys ?? [];

    [JsonIgnore]
    public DateTimeZone Zone => DateTimeZoneProviders.Tzdb[TimeZone ?? "UTC"];

    public FieldErrors Check()
    {
        var errors = new FieldErrors();
        Texts.Name(Name, "/name", errors);
        Texts.Description(Description, "/description", errors);
        errors.AddIf(
            Key is not null && (Key.Length > MaxCustomerKeyLength || string.IsNullOrWhiteSpace(Key)), "/key", "out_of_range",
            $"A key has 1 to {MaxCustomerKeyLength} characters.");
        errors.AddIf(
            Key is "." or ".." || Key?.Contains('/', StringComparison.Ordinal) == true, "/key", "invalid_key",
            "A key stands in paths: it has no slash and is not a dot or two.");
        errors.AddIf(
            PrimaryEmail is not null && !MailAddress.TryCreate(PrimaryEmail, out _), "/primaryEmail", "invalid_email",
            "This is not an e-mail address.");
        errors.AddIf(
            Currency is not null && !Rating.Currency.TryParse(Currency, out _), "/currency", "unknown_currency",
            "A currency is a code of ISO 4217 in capitals, such as USD.");
        errors.AddIf(
            TimeZone is not null && DateTimeZoneProviders.Tzdb.GetZoneOrNull(TimeZone) is null, "/timeZone", "unknown_time_zone",
            "A time zone is a name of the IANA database, such as Europe/Berlin.");
        errors.AddIf(
            Kind is not null && !CustomerKind.All.Contains(Kind), "/kind", "unknown_value",
            $"A kind is one of {string.Join(", ", CustomerKind.All)}.");
        errors.AddIf(
            Level is not null && !CustomerLevel.All.Contains(Level), "/level", "unknown_value",
            $"A level is one of {string.Join(", ", CustomerLevel.All)}.");
        CheckSubjects(errors);
        CheckAddress(errors);
        Wire.Metadata.Check(Metadata, "/metadata", errors);
        return errors;
    }

    private void CheckSubjects(FieldErrors errors)
    {
        errors.AddIf(
            SubjectKeys.Length > MaxSubjects, "/usageAttribution/subjectKeys", "too_many", $"A customer has at most {MaxSubjects} subject keys.");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < Math.Min(SubjectKeys.Length, MaxSubjects); i++)
        {
            var (subject, pointer) = (SubjectKeys[i], $"/usageAttribution/subjectKeys/{i}");
            errors.AddIf(
                subject is not { Length: >= 1 and <= MaxSubjectLength }, pointer, "out_of_range",
                $"A subject key has 1 to {MaxSubjectLength} characters.");
            errors.AddIf(subject is not null && !seen.Add(subject), pointer, "duplicate", "The subject key is named twice.");
        }
    }

    private void CheckAddress(FieldErrors errors)
    {
        if (BillingAddress is not { } address)
        {
            return;
        }

        errors.AddIf(
            address.Country is { } country && (country.Length != CountryCodeLength || !country.All(char.IsAsciiLetterUpper)),
            "/billingAddress/country", "unknown_country", "A country is two capital letters of ISO 3166-1, such as DE.");
        (string Field, string? Value)[] parts =
        [
            ("postalCode", address.PostalCode), ("state", address.State), ("city", address.City),
            ("line1", address.Line1), ("line2", address.Line2), ("phoneNumber", address.PhoneNumber),
        ];
        foreach (var (field, value) in parts)
        {
            errors.AddIf(
                value?.Length > MaxAddressPartLength, $"/billingAddress/{field}", "out_of_range", $"At most {MaxAddressPartLength} characters.");
        }
    }
}

/// <summary>The subjects whose usage is the customer's.</summary>
internal sealed record UsageAttribution(ImmutableArray<string> SubjectKeys);
