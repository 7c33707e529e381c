using System.Collections.Immutable;
using Metering.Rating;

namespace Metering.Subscriptions.Plans.Prices;

/// <summary><c>dynamic</c>: the meter sums a cost, and the customer pays a multiple of it, a markup on it, or both.</summary>
internal sealed class DynamicPriceType : PriceType
{
    private const decimal PassedOn = 1m;

    public override string Name => "dynamic";

    protected override ImmutableArray<string> Required => [];

    protected override ImmutableArray<string> Optional => ["multiplier", "markupPercentage", "markupPerTransaction"];

    public override Price Read(PriceBody body) =>
        new Price.Dynamic(body.Multiplier ?? PassedOn, body.MarkupPercentage ?? 0m, body.MarkupPerTransaction ?? 0m);

    public override PriceBody? Write(Price price) => price is Price.Dynamic dynamic
        ? new PriceBody(Name)
        {
            Multiplier = dynamic.Multiplier,
            MarkupPercentage = dynamic.MarkupPercentage == 0m ? null : dynamic.MarkupPercentage,
            MarkupPerTransaction = dynamic.MarkupPerTransaction == 0m ? null : dynamic.MarkupPerTransaction,
        }
        : null;

    protected override ImmutableArray<PriceError> FaultsOf(PriceBody body) =>
        Price.Dynamic.Check(body.Multiplier ?? PassedOn, body.MarkupPercentage ?? 0m, body.MarkupPerTransaction ?? 0m);
}
