using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Wire;

namespace Metering.Invoicing.Taxes;

/// <summary>The tax codes in force; they are few.</summary>
internal sealed class TaxCodes(ImmutableArray<TaxCode> codes)
{
    private const int MaxCodes = 1_000;

    public static async Task<TaxCodes> LoadAsync(DbSession session, CancellationToken cancellationToken) =>
        new([.. await session.QueryAsync<TaxCode>(InForceSql, new { max = MaxCodes }, cancellationToken)]);

    /// <summary>By id or by key; null when there is none in force.</summary>
    public TaxCode? Find(string reference) => PublicId.TryParse(reference, out var id)
        ? codes.FirstOrDefault(code => code.Id == id) ?? codes.FirstOrDefault(code => code.Key == reference)
        : codes.FirstOrDefault(code => code.Key == reference);

    public void Check(TaxConfig? config, string pointer, FieldErrors errors)
    {
        if (config is null)
        {
            return;
        }

        errors.AddIf(
            config.Behavior is not (null or TaxConfig.Inclusive or TaxConfig.Exclusive), $"{pointer}/behavior", "unknown_behavior",
            "A price is inclusive or exclusive of tax.");
        (string Field, string? Reference)[] references =
            [("taxCodeId", config.TaxCodeId), ("customInvoicing/code", config.CustomInvoicing?.Code), ("stripe/code", config.Stripe?.Code)];
        foreach (var (field, reference) in references)
        {
            errors.AddIf(
                reference is not null && Find(reference) is null, $"{pointer}/{field}", "unknown_tax_code",
                "There is no tax code with this id or key.");
        }
    }

    private const string InForceSql = TaxCode.SelectSql + " where archived_at is null order by key limit @max";
}
