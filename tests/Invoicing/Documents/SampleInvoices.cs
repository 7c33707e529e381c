using Metering.Invoicing.Invoices;
using Metering.Invoicing.Tests.Support;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;

namespace Metering.Invoicing.Tests.Documents;

/// <summary>Documents that are awkward in different ways.</summary>
internal static class SampleInvoices
{
    /// <summary>The Pro customer of the demo: 62,345,678 tokens in January, the fee of February in advance.</summary>
    public static Invoice Pro() => Some.Invoice(
        Some.Subscription("2026-01-01", rateCards: [.. Some.ProRateCards]), Some.At("2026-02-01"), _ => 62_345_678m);

    /// <summary>Many lines, long names, names in other scripts, discounts, minimums, fractions.</summary>
    public static Invoice Long()
    {
        string[] names =
        [
            "Chat completions, gpt-class, EU region",
            "Эмбеддинги, русский корпус",
            "埋め込み計算",
            "Ενσωματώσεις κειμένου",
            "تحويل النص إلى كلام",
            "Łódź speech-to-text \"premium\" <beta> & friends",
            "A-rate-card-with-a-very-long-name-that-somebody-generated-from-an-infrastructure-template-and-never-looked-at-again",
        ];
        var tiers = new Price.Graduated(
        [
            PriceTier.PerUnit(1_000m, 0m), PriceTier.PerUnit(10_000m, 0.0125m), new PriceTier(100_000m, 25m, 0.0071m),
            PriceTier.PerUnit(null, 0.003333m),
        ]);
        var cards = Enumerable.Range(0, 17).Select(i => i switch
        {
            0 => Some.Fee("Enterprise platform, all regions", 5_000m, PaymentTerm.InAdvance),
            1 => Some.Metered(
                "Committed tokens",
                new Price.Volume([PriceTier.PerUnit(1_000_000m, 0.00001m), PriceTier.PerUnit(null, 0.000008m)]),
                terms: new RateCardTerms(minimumAmount: 5_000m, percentageDiscount: 10m)),
            2 => Some.Metered("Images, packages of 500", new Price.Package(4.99m, 500m)),
            _ when i % 3 == 0 => Some.Metered(names[i % names.Length], new Price.PerUnit(0.00000123m * i)),
            _ => Some.Metered(names[i % names.Length], tiers),
        });
        var subscription = Some.Subscription("2026-01-01", rateCards: [.. cards]) with
        {
            Customer = Some.Customer(
                "Asia/Tokyo", "株式会社グローバル・テクノロジー and Sons of Ærøskøbing, a company with a rather long legal name"),
            Plan = new PlanReference(Guid.Empty, "enterprise", "Enterprise", 12),
        };
        return Some.Invoice(
            subscription, Some.At("2026-02-01"), plan => 1_234.5m + (plan.RateCard.Name.Length * 3_333.25m),
            "INV-2026-000123");
    }
}
