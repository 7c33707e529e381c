using System.Collections.Immutable;
using Metering.Rating;

namespace Metering.Subscriptions.Plans.Prices;

/// <summary><c>percentage</c>: a share of an amount that the meter sums, and what is agreed for each transaction.</summary>
internal sealed class PercentagePriceType : PriceType
{
    public override string Name => "percentage";

    protected override ImmutableArray<string> Required => ["rate"];

    protected override ImmutableArray<string> Optional =>
        ["fixedAmountPerTransaction", "freeTransactions", "freeAmount", "perTransactionMinimum", "perTransactionMaximum"];

    public override Price Read(PriceBody body) => new Price.Percentage(
        body.Rate!.Value, body.FixedAmountPerTransaction ?? 0m, body.FreeTransactions ?? 0, body.FreeAmount ?? 0m, body.PerTransactionMinimum,
        body.PerTransactionMaximum);

    public override PriceBody? Write(Price price) => price is Price.Percentage percentage
        ? new PriceBody(Name)
        {
            Rate = percentage.Rate,
            FixedAmountPerTransaction = percentage.FixedAmount == 0m ? null : percentage.FixedAmount,
            FreeTransactions = percentage.FreeTransactions == 0 ? null : percentage.FreeTransactions,
            FreeAmount = percentage.FreeAmount == 0m ? null : percentage.FreeAmount,
            PerTransactionMinimum = percentage.TransactionMinimum,
            PerTransactionMaximum = percentage.TransactionMaximum,
        }
        : null;

    public override string FieldOf(PriceBody body, string pointer) => pointer switch
    {
        "/fixedAmount" => "/fixedAmountPerTransaction",
        "/transactionMinimum" => "/perTransactionMinimum",
        "/transactionMaximum" => "/perTransactionMaximum",
        _ => pointer,
    };

    protected override ImmutableArray<PriceError> FaultsOf(PriceBody body) => Price.Percentage.Check(
        body.Rate!.Value, body.FixedAmountPerTransaction ?? 0m, body.FreeTransactions ?? 0, body.FreeAmount ?? 0m, body.PerTransactionMinimum,
        body.PerTransactionMaximum);
}
