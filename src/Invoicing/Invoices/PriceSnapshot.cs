using System.Text.Json.Nodes;
using Metering.Platform.Http;
using Metering.Rating;

namespace Metering.Invoicing.Invoices;

/// <summary>
/// A price and its terms in the field names of plan documents, so that a line still says what priced it when the plan is long
/// gone.
/// </summary>
internal static class PriceSnapshot
{
    public static JsonObject Of(Price price, RateCardTerms terms)
    {
        var json = Model(price);
        Add(json, "minimumAmount", terms.MinimumAmount);
        Add(json, "maximumAmount", terms.MaximumAmount);
        return json;
    }

    /// <summary>Null when nothing is taken off.</summary>
    public static JsonObject? DiscountsOf(RateCardTerms terms)
    {
        var json = new JsonObject();
        if (terms.PercentageDiscount > 0m)
        {
            json["percentage"] = new JsonObject { ["percentage"] = terms.PercentageDiscount };
        }

        if (terms.UsageDiscount > 0m)
        {
            json["usage"] = new JsonObject { ["quantity"] = NumericConverter.Format(terms.UsageDiscount) };
        }

        return json.Count > 0 ? json : null;
    }

    private static JsonObject Model(Price price) => price switch
    {
        Price.Flat flat => new JsonObject
        {
            ["type"] = "flat",
            ["amount"] = NumericConverter.Format(flat.Amount),
            ["paymentTerm"] = flat.Term switch { PaymentTerm.InAdvance => "in_advance", PaymentTerm.InArrears => "in_arrears" },
        },
        Price.PerUnit unit => Amount("unit", unit.Amount),
        Price.Package package => new JsonObject
        {
            ["type"] = "package",
            ["amount"] = NumericConverter.Format(package.Amount),
            ["quantityPerPackage"] = NumericConverter.Format(package.QuantityPerPackage),
        },
        Price.Graduated graduated => Tiered("graduated", graduated.Tiers),
        Price.Volume volume => Tiered("volume", volume.Tiers),
        _ => throw new System.Diagnostics.UnreachableException($"{price.GetType()} has no shape in plan documents."),
    };

    private static JsonObject Tiered(string mode, IEnumerable<PriceTier> tiers) => new()
    {
        ["type"] = "tiered",
        ["mode"] = mode,
        ["tiers"] = new JsonArray([.. tiers.Select(TierOf)]),
    };

    private static JsonObject Amount(string type, decimal amount) => new() { ["type"] = type, ["amount"] = NumericConverter.Format(amount) };

    private static JsonObject TierOf(PriceTier tier)
    {
        var json = new JsonObject();
        Add(json, "upToAmount", tier.UpTo);
        json["flatPrice"] = tier.FlatAmount == 0m ? null : Amount("flat", tier.FlatAmount);
        json["unitPrice"] = Amount("unit", tier.UnitAmount);
        return json;
    }

    private static void Add(JsonObject json, string name, decimal? value)
    {
        if (value is { } number)
        {
            json[name] = NumericConverter.Format(number);
        }
    }
}
