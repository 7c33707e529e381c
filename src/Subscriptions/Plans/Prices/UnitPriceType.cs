using System.Collections.Immutable;
using Metering.Rating;

namespace Metering.Subscriptions.Plans.Prices;

/// <summary><c>unit</c>: every unit costs the same.</summary>
internal sealed class UnitPriceType : PriceType
{
    public override string Name => "unit";

    protected override ImmutableArray<string> Required => ["amount"];

    public override Price Read(PriceBody body) => new Price.PerUnit(body.Amount!.Value);

    public override PriceBody? Write(Price price) => price is Price.PerUnit unit ? new PriceBody(Name, unit.Amount) : null;

    protected override ImmutableArray<PriceError> FaultsOf(PriceBody body) => Price.PerUnit.Check(body.Amount!.Value);
}
