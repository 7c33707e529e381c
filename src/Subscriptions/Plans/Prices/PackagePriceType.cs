using System.Collections.Immutable;
using Metering.Rating;

namespace Metering.Subscriptions.Plans.Prices;

/// <summary><c>package</c>: a package that was opened is paid in full.</summary>
internal sealed class PackagePriceType : PriceType
{
    public override string Name => "package";

    protected override ImmutableArray<string> Required => ["amount", "quantityPerPackage"];

    public override Price Read(PriceBody body) => new Price.Package(body.Amount!.Value, body.QuantityPerPackage!.Value);

    public override PriceBody? Write(Price price) => price is Price.Package package
        ? new PriceBody(Name, package.Amount) { QuantityPerPackage = package.QuantityPerPackage }
        : null;

    protected override ImmutableArray<PriceError> FaultsOf(PriceBody body) =>
        Price.Package.Check(body.Amount!.Value, body.QuantityPerPackage!.Value);
}
