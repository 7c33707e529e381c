using System.Text.Json.Serialization;
using Metering.Platform.Http;

namespace Metering.Invoicing.Ledger;

/// <summary>What was posted in a period to one kind of account, by seller and cost centre.</summary>
/// <param name="CostCentre">Its key; null for customers that belong to none.</param>
internal sealed record JournalRow(
    string Period, string Currency, string Account, string? BillingProfileId, string? CostCentre,
    [property: JsonConverter(typeof(NumericConverter))] decimal Debit,
    [property: JsonConverter(typeof(NumericConverter))] decimal Credit,
    long Entries);
