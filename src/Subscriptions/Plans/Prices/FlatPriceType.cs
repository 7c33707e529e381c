using System.Collections.Immutable;
using Metering.Rating;

namespace Metering.Subscriptions.Plans.Prices;

/// <summary><c>flat</c>: a fee for the period.</summary>
internal sealed class FlatPriceType : PriceType
{
    private const string InAdvance = "in_advance";
    private const string InArrears = "in_arrears";

    public override string Name => "flat";

    public override bool HasBounds => false;

    protected override ImmutableArray<string> Required => ["amount"];

    protected override ImmutableArray<string> Optional => ["paymentTerm"];

    public override Price Read(PriceBody body) =>
        new Price.Flat(body.Amount!.Value, body.PaymentTerm == InArrears ? PaymentTerm.InArrears : PaymentTerm.InAdvance);

    public override PriceBody? Write(Price price) => price is Price.Flat flat
        ? new PriceBody(Name, flat.Amount, flat.Term switch { PaymentTerm.InAdvance => InAdvance, PaymentTerm.InArrears => InArrears })
        : null;

    protected override bool CheckWords(PriceBody body, string at, PlanFindings findings) =>
        CheckWord(body.PaymentTerm, "paymentTerm", "unknown_payment_term", [InAdvance, InArrears], at, findings);

    protected override ImmutableArray<PriceError> FaultsOf(PriceBody body) => Price.Flat.Check(body.Amount!.Value);
}
