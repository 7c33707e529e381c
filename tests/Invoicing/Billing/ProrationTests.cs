using Metering.Invoicing.Tests.Support;
using Metering.Rating;
using Xunit;

namespace Metering.Invoicing.Tests.Billing;

/// <summary>A period that is served in part: 22 of the 31 days of January.</summary>
public sealed class ProrationTests
{
    private const string Start = "2026-01-10";

    [Theory]
    [InlineData(true, "22.00", "Fee for 22 of 31 days")]
    [InlineData(false, "31.00", "Fee")]
    public void A_plan_says_whether_the_fee_of_a_period_served_in_part_is_charged_in_part(bool prorates, string amount, string words)
    {
        var fee = Some.Fee("fee", 31m, PaymentTerm.InAdvance);
        var subscription = Some.Subscription(Start, anchor: "2026-01-01", rateCards: [fee]) with { ProratesFees = prorates };

        var line = Some.Invoice(subscription, Some.At(Start), _ => 0m).Lines.Single();

        Assert.Equal(amount, line.Amount.ToAmountString());
        Assert.Equal(words, line.Charges.Single().Name);
    }
}
