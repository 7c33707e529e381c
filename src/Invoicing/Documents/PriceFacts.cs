using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Metering.Invoicing.Invoices;
using Metering.Rating;

namespace Metering.Invoicing.Documents;

/// <summary>What a reader of a line has to know of its price to follow the quantities, in words.</summary>
internal static class PriceFacts
{
    /// <summary><c>metered 12,345,678, ÷ 1,000,000 to million requests</c>.</summary>
    public static ImmutableArray<string> Of(InvoiceLine line)
    {
        using var price = JsonDocument.Parse(line.PriceJson);
        var facts = ImmutableArray.CreateBuilder<string>();
        if (line.Metered is { } metered && price.RootElement.TryGetProperty("unitConfig", out var config))
        {
            facts.Add(Conversion(metered.Metered, config));
        }

        if (price.RootElement.TryGetProperty("supplementedBy", out var supplement))
        {
            facts.Add($"prices added by version {supplement.GetProperty("planVersion").GetInt32()}");
        }

        return facts.ToImmutable();
    }

    public static bool HasConversion(InvoiceLine line)
    {
        using var price = JsonDocument.Parse(line.PriceJson);
        return price.RootElement.TryGetProperty("unitConfig", out _);
    }

    private static string Conversion(decimal metered, JsonElement config)
    {
        var sign = Text(config, "operation") == "multiply" ? "×" : "÷";
        var factor = decimal.Parse(Text(config, "conversionFactor")!, CultureInfo.InvariantCulture);
        var unit = Text(config, "displayUnit") is { } name ? $" to {name}" : "";
        var rounding = Text(config, "rounding") switch
        {
            "ceiling" => ", rounded up",
            "floor" => ", rounded down",
            "half_up" => ", rounded to the nearest",
            _ => "",
        };
        return $"metered {AmountText.Quantity(metered)}, {sign} {AmountText.Quantity(factor)}{unit}{rounding}";
    }

    private static string? Text(JsonElement config, string name) => config.TryGetProperty(name, out var value) ? value.GetString() : null;
}
