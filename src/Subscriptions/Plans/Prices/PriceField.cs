using System.Collections.Immutable;

namespace Metering.Subscriptions.Plans.Prices;

/// <summary>A field that a price may have, beside its type.</summary>
internal sealed record PriceField(string Name, Func<PriceBody, bool> IsIn)
{
    /// <summary>Every field of <see cref="PriceBody"/>; a test compares the names.</summary>
    public static readonly ImmutableArray<PriceField> All =
    [
        new("amount", price => price.Amount is not null),
        new("paymentTerm", price => price.PaymentTerm is not null),
        new("mode", price => price.Mode is not null),
        new("tiers", price => price.Tiers is not null),
        new("firstTier", price => price.FirstTier is not null),
        new("quantityPerPackage", price => price.QuantityPerPackage is not null),
        new("multiplier", price => price.Multiplier is not null),
        new("markupPercentage", price => price.MarkupPercentage is not null),
        new("markupPerTransaction", price => price.MarkupPerTransaction is not null),
        new("includedQuantity", price => price.IncludedQuantity is not null),
        new("price", price => price.Price is not null),
        new("rate", price => price.Rate is not null),
        new("fixedAmountPerTransaction", price => price.FixedAmountPerTransaction is not null),
        new("freeTransactions", price => price.FreeTransactions is not null),
        new("freeAmount", price => price.FreeAmount is not null),
        new("perTransactionMinimum", price => price.PerTransactionMinimum is not null),
        new("perTransactionMaximum", price => price.PerTransactionMaximum is not null),
        new("rates", price => price.Rates is not null),
        new("dimensions", price => price.Dimensions is not null),
        new("cells", price => price.Cells is not null),
        new("default", price => price.Default is not null),
        new("pooling", price => price.Pooling is not null),
        new("knownValues", price => price.KnownValues is not null),
        new("minimumAmount", price => price.MinimumAmount is not null),
        new("maximumAmount", price => price.MaximumAmount is not null),
    ];
}
