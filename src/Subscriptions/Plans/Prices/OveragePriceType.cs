using System.Collections.Immutable;
using Metering.Rating;

namespace Metering.Subscriptions.Plans.Prices;

/// <summary><c>overage</c>: an allowance, and a price for what is beyond it.</summary>
internal sealed class OveragePriceType : PriceType
{
    private const string Beyond = "/beyond";

    public override string Name => "overage";

    protected override ImmutableArray<string> Required => ["includedQuantity", "price"];

    public override Price Read(PriceBody body) => new Price.Overage(body.IncludedQuantity!.Value, PriceTypes.Read(body.Price!));

    public override PriceBody? Write(Price price) => price is Price.Overage overage
        ? new PriceBody(Name) { IncludedQuantity = overage.Included, Price = PriceTypes.Write(overage.Beyond) }
        : null;

    public override string FieldOf(PriceBody body, string pointer) =>
        pointer == "/included" ? "/includedQuantity"
        : pointer == Beyond ? "/price"
        : pointer.StartsWith(Beyond + "/", StringComparison.Ordinal) ? "/price" + PriceTypes.FieldOf(body.Price!, pointer[Beyond.Length..])
        : pointer;

    protected override Price? CheckFigures(PriceBody body, string at, PlanFindings findings) =>
        PriceTypes.CheckNested(body.Price!, $"{at}/price", findings) is null ? null : base.CheckFigures(body, at, findings);

    protected override ImmutableArray<PriceError> FaultsOf(PriceBody body) =>
        Price.Overage.Check(body.IncludedQuantity!.Value, PriceTypes.Read(body.Price!));
}
