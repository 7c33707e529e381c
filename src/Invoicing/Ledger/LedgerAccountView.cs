using System.Text.Json.Serialization;
using Metering.Platform.Http;

namespace Metering.Invoicing.Ledger;

/// <summary>An account with what stands on it.</summary>
/// <param name="Path">Names the account.</param>
/// <param name="Class">asset, liability, income or expense.</param>
/// <param name="Debit">All debits.</param>
/// <param name="Credit">All credits.</param>
/// <param name="Balance">Debits less credits.</param>
internal sealed record LedgerAccountView(
    string Path, string Kind, string Class, string Currency, string? BillingProfileId, string? CustomerId,
    [property: JsonConverter(typeof(NumericConverter))] decimal Debit,
    [property: JsonConverter(typeof(NumericConverter))] decimal Credit,
    [property: JsonConverter(typeof(NumericConverter))] decimal Balance);
