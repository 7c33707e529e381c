using System.Collections.Immutable;
using System.Text.Json;
using Metering.Invoicing.Taxes;
using Metering.Rating;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Invoicing.Lines;

/// <summary>What can be wrong with lines, told at their fields.</summary>
internal sealed class LineChecks(TaxCodes codes, ImmutableDictionary<string, FeatureMeter?> meters, FieldErrors errors)
{
    public const int MaxLines = 1_000;

    public static async Task<LineChecks> OfAsync(
        IEnumerable<LineBody> lines, TaxCodes codes, FeatureReader features, FieldErrors errors, CancellationToken cancellationToken)
    {
        var keys = lines.Select(line => line.RateCard?.FeatureKey ?? line.FeatureKey).OfType<string>();
        return new LineChecks(codes, await features.MetersOfAsync(keys, cancellationToken), errors);
    }

    /// <returns>What could be read; shorter than the lines when something is wrong.</returns>
    public ImmutableArray<WrittenLine> Check(ImmutableArray<LineBody> lines, bool mayBeEmpty, bool isSimulation)
    {
        errors.AddIf(lines.IsEmpty && !mayBeEmpty, "/lines", "required", "There is at least one line.");
        errors.AddIf(lines.Length > MaxLines, "/lines", "too_many", $"At most {MaxLines} lines at a time.");
        return
        [
            .. lines.Take(MaxLines).Index().Select(line => Check(line.Item, $"/lines/{line.Index}", isSimulation)).OfType<WrittenLine>(),
        ];
    }

    private WrittenLine? Check(LineBody line, string at, bool isSimulation)
    {
        Texts.Name(line.Name, $"{at}/name", errors);
        Texts.Description(line.Description, $"{at}/description", errors);
        Subscriptions.Wire.Metadata.Check(line.Metadata, $"{at}/metadata", errors);
        var isPeriod = line.Period.From < line.Period.To;
        errors.AddIf(!isPeriod, $"{at}/period/to", "not_after_from", "A period ends after it begins.");
        var (card, where) = line.RateCard is { } written
            ? (written, $"{at}/rateCard")
            : (new LineRateCardBody(line.Price, line.FeatureKey, line.TaxConfig), at);
        codes.Check(card.TaxConfig, $"{where}/taxConfig", errors);
        CheckSimulation(line, at, isSimulation);
        if (card.Price is not { ValueKind: JsonValueKind.Object } price)
        {
            errors.Add($"{where}/price", "required", "A line has a price.");
            return null;
        }

        var parsed = PriceDocument.Check(
            price, card.Discounts?.Usage?.Quantity ?? 0m, card.Discounts?.Percentage?.Percentage ?? 0m, card.UnitConfig, where, errors);
        var meter = CheckFeature(card.FeatureKey, parsed?.Price, where, isSimulation);
        if (parsed is not var (model, terms) || !isPeriod)
        {
            return null;
        }

        if (model is not Price.Flat && !isSimulation)
        {
            errors.AddIf(
                line.InvoiceAt < line.Period.To, $"{at}/invoiceAt", "before_period_ends",
                "Usage is billed when its period has ended; to bill earlier, invoice the line as of an earlier time.");
        }

        var displayUnit = card.UnitConfig is { ValueKind: JsonValueKind.Object } config && config.TryGetProperty("displayUnit", out var unit)
            ? unit.GetString()
            : null;
        return new WrittenLine(
            line, new ServicePeriod(line.Period.From, line.Period.To), model, terms, displayUnit, card.FeatureKey, meter,
            card.TaxConfig ?? line.TaxConfig);
    }

    private FeatureMeter? CheckFeature(string? featureKey, Price? price, string at, bool isSimulation)
    {
        if (featureKey is null)
        {
            errors.AddIf(
                price is not (null or Price.Flat) && !isSimulation, $"{at}/featureKey", "required",
                "A price of usage needs the feature whose use it bills.");
            return null;
        }

        if (!meters.TryGetValue(featureKey, out var meter))
        {
            errors.Add($"{at}/featureKey", "unknown_feature", "There is no feature with this key, or it is archived.");
            return null;
        }

        errors.AddIf(
            meter is null && price is not (null or Price.Flat) && !isSimulation, $"{at}/featureKey", "feature_without_meter",
            "The feature has no meter, so its use is not measured.");
        return price is null or Price.Flat ? null : meter;
    }

    private void CheckSimulation(LineBody line, string at, bool isSimulation)
    {
        errors.AddIf(line.Quantity is not null && !isSimulation, $"{at}/quantity", "not_allowed", "What was used is counted, not stated.");
        errors.AddIf(
            line.PreLinePeriodQuantity is not null && !isSimulation, $"{at}/preLinePeriodQuantity", "not_allowed",
            "What was billed before is known, not stated.");
        errors.AddIf(line.Quantity is null && isSimulation, $"{at}/quantity", "required", "A simulation states what was used.");
        errors.AddIf(line.Quantity is < 0m, $"{at}/quantity", "negative", "A quantity is not negative.");
        errors.AddIf(line.PreLinePeriodQuantity is < 0m, $"{at}/preLinePeriodQuantity", "negative", "A quantity is not negative.");
    }
}
