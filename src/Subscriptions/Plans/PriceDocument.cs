using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Rating;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Plans;

/// <summary>Prices outside of plans: on lines that are written by hand, and on lines that are rated again.</summary>
public static class PriceDocument
{
    /// <summary>Reads back what <see cref="PriceTerms.DocumentOf"/> wrote.</summary>
    public static (Price Price, RateCardTerms Terms, string? DisplayUnit) Read(string json)
    {
        var document = JsonNode.Parse(json)!.AsObject();
        var config = Take<UnitConfigBody>(document, "unitConfig");
        var discounts = Take<DiscountsBody>(document, "discounts");
        var card = CardOf(document.Deserialize<PriceBody>(MeteringJson.Options)!, discounts, config);
        return (PriceTerms.PriceOf(card)!, PriceTerms.TermsOf(card), config?.DisplayUnit);
    }

    /// <summary>A price as a request brought it, with what is taken off. What is wrong is told at <c>/price</c> and <c>/discounts</c>.</summary>
    /// <returns>Null when something is wrong.</returns>
    public static (Price Price, RateCardTerms Terms)? Check(
        JsonElement price, decimal usageDiscount, decimal percentageDiscount, JsonElement? unitConfig, string pointer, FieldErrors errors)
    {
        if (Parse<PriceBody>(price, $"{pointer}/price", errors) is not { } body)
        {
            return null;
        }

        var config = unitConfig is { } element ? Parse<UnitConfigBody>(element, $"{pointer}/unitConfig", errors) : null;
        var discounts = new DiscountsBody(new PercentageDiscountBody(percentageDiscount), new UsageDiscountBody(usageDiscount));
        var card = CardOf(body, discounts, config);
        var findings = new PlanFindings();
        var checkedPrice = PriceTerms.Check(card, pointer, findings);
        foreach (var error in findings.AgainstPublishing)
        {
            errors.Add(error.Pointer, error.Code, error.Message);
        }

        return checkedPrice is not null && findings.AgainstPublishing.IsEmpty ? (checkedPrice, PriceTerms.TermsOf(card)) : null;
    }

    private static RateCardBody CardOf(PriceBody price, DiscountsBody? discounts, UnitConfigBody? config) =>
        new("usage_based", "line", "Line", null, price, Discounts: discounts, UnitConfig: config);

    private static T? Take<T>(JsonObject document, string name)
        where T : class
    {
        document.Remove(name, out var value);
        return value.Deserialize<T>(MeteringJson.Options);
    }

    private static T? Parse<T>(JsonElement element, string pointer, FieldErrors errors)
        where T : class
    {
        try
        {
            return element.Deserialize<T>(MeteringJson.Options);
        }
        catch (JsonException exception)
        {
            foreach (var error in BindingErrors.Of(exception))
            {
                errors.Add(pointer + error.Pointer, error.Code, error.Message);
            }

            return null;
        }
    }
}
