using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.Platform.Http;
using Metering.Rating;
using Metering.Subscriptions.Plans.Prices;

namespace Metering.Subscriptions.Plans;

/// <summary>A rate card's price and what is agreed around it: from the document to rating's terms, and back onto documents.</summary>
public static class PriceTerms
{
    private const int MaxDisplayUnitLength = 64;

    /// <summary>Unit conversion's words for what happens to a rest.</summary>
    private static readonly ImmutableArray<(string Word, UnitRounding Rounding)> Roundings =
    [
        ("none", UnitRounding.None), ("ceiling", UnitRounding.Up), ("floor", UnitRounding.Down), ("half_up", UnitRounding.Nearest),
    ];

    /// <summary>
    /// A price and its terms in the field names of plan documents, with discounts and unit conversion beside the price's own fields, so that
    /// whoever keeps it can still say what priced something when the plan is long gone.
    /// </summary>
    public static JsonObject DocumentOf(Price price, RateCardTerms terms, string? displayUnit)
    {
        ArgumentNullException.ThrowIfNull(terms);
        var body = PriceTypes.Write(price) with { MinimumAmount = terms.MinimumAmount, MaximumAmount = terms.MaximumAmount };
        var json = ToNode(body);
        if (terms.Conversion is { } conversion)
        {
            json["unitConfig"] = ToNode(DocumentOf(conversion, displayUnit));
        }

        if (terms is not { PercentageDiscount: 0m, UsageDiscount: 0m })
        {
            json["discounts"] = ToNode(new DiscountsBody(
                terms.PercentageDiscount == 0m ? null : new PercentageDiscountBody(terms.PercentageDiscount),
                terms.UsageDiscount == 0m ? null : new UsageDiscountBody(terms.UsageDiscount)));
        }

        return json;
    }

    /// <summary>The price of a card that was checked; null when it costs nothing.</summary>
    internal static Price? PriceOf(RateCardBody card) => card.Price is { } price ? PriceTypes.Read(price) : null;

    /// <summary>The discounts, bounds and conversion of a card that was checked.</summary>
    internal static RateCardTerms TermsOf(RateCardBody card) => new(
        card.Discounts?.Usage?.Quantity ?? 0m, card.Discounts?.Percentage?.Percentage ?? 0m, card.Price?.MaximumAmount, card.Price?.MinimumAmount,
        card.UnitConfig is { } config ? ConversionOf(config) : null);

    /// <returns>The card's price; null when it costs nothing or something is wrong with it.</returns>
    internal static Price? Check(RateCardBody card, string at, PlanFindings findings)
    {
        var price = card.Price is { } body ? PriceTypes.Check(body, $"{at}/price", findings) : null;
        var faults = RateCardTerms.Check(
            card.Discounts?.Usage?.Quantity ?? 0m, card.Discounts?.Percentage?.Percentage ?? 0m, card.Price?.MaximumAmount,
            card.Price?.MinimumAmount);
        findings.Add(faults, at, FieldOf);
        var converts = card.UnitConfig is null || CheckConversion(card.UnitConfig, $"{at}/unitConfig", findings);
        if (price is not null && faults.IsEmpty && converts)
        {
            findings.Add(TermsOf(card).CheckFor(price), at, FieldOf);
        }

        if (card.UnitCost is { } cost)
        {
            findings.Add(Price.PerUnit.Check(cost), at, _ => "/unitCost");
        }

        return price;
    }

    private static bool CheckConversion(UnitConfigBody config, string at, PlanFindings findings)
    {
        var knows = config.Operation is "divide" or "multiply" && Roundings.Any(one => one.Word == (config.Rounding ?? "none"));
        findings.Errors.AddIf(
            config.Operation is not ("divide" or "multiply"), $"{at}/operation", "unknown_operation", "Units are converted by divide or multiply.");
        findings.Errors.AddIf(
            config.Rounding is not null && Roundings.All(one => one.Word != config.Rounding), $"{at}/rounding", "unknown_rounding",
            $"A rounding is one of {string.Join(", ", Roundings.Select(one => one.Word))}.");
        findings.Errors.AddIf(
            config.DisplayUnit is { Length: 0 or > MaxDisplayUnitLength }, $"{at}/displayUnit", "out_of_range",
            $"A unit's name has 1 to {MaxDisplayUnitLength} characters.");
        var faults = UnitConversion.Check(config.ConversionFactor, config.Precision ?? 0);
        findings.Add(faults, at, pointer => pointer switch { "/factor" => "/conversionFactor", "/digits" => "/precision", _ => pointer });
        return knows && faults.IsEmpty;
    }

    private static UnitConversion ConversionOf(UnitConfigBody config)
    {
        var rounding = Roundings.First(one => one.Word == (config.Rounding ?? "none")).Rounding;
        return config.Operation == "divide"
            ? UnitConversion.DivideBy(config.ConversionFactor, rounding, config.Precision ?? 0)
            : UnitConversion.MultiplyBy(config.ConversionFactor, rounding, config.Precision ?? 0);
    }

    private static UnitConfigBody DocumentOf(UnitConversion conversion, string? displayUnit) => new(
        conversion.Divides ? "divide" : "multiply", conversion.Factor, Roundings.First(one => one.Rounding == conversion.Rounding).Word,
        conversion.Digits == 0 ? null : conversion.Digits, displayUnit);

    private static string FieldOf(string pointer) => pointer switch
    {
        "/usageDiscount" => "/discounts/usage/quantity",
        "/percentageDiscount" => "/discounts/percentage/percentage",
        "/conversion" => "/unitConfig",
        var amount => "/price" + amount,
    };

    private static JsonObject ToNode<T>(T value) => JsonSerializer.SerializeToNode(value, MeteringJson.Options)!.AsObject();
}
