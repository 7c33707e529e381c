using System.Collections.Immutable;
using System.Globalization;
using Metering.Platform.Problems;
using Metering.Rating;

namespace Metering.Subscriptions.Plans.Prices;

/// <summary>
/// <c>dimensional</c>: another price for each combination of the values of the meter's group-bys. Values without a cell and without a default
/// have no price: their usage is reported and keeps the period open.
/// </summary>
internal sealed class DimensionalPriceType : PriceType
{
    private const string Independent = "independent";
    private const string Pooled = "pooled";
    private const string Default = "/default";
    private static readonly UnitPriceType PerUnit = new();

    public override string Name => "dimensional";

    protected override ImmutableArray<string> Required => ["dimensions"];

    protected override ImmutableArray<string> Optional => ["cells", "default", "pooling", "knownValues"];

    public override Price Read(PriceBody body) => new Price.Dimensional(
        body.Dimensions!.Value, CellsOf(body), body.Default is { } fallback ? PriceTypes.Read(fallback) : null,
        body.Pooling == Pooled ? Pooling.AcrossGroups : Pooling.EachGroup);

    public override PriceBody? Write(Price price) => price is Price.Dimensional matrix
        ? new PriceBody(Name)
        {
            Dimensions = matrix.Dimensions,
            Cells = matrix.Cells.IsEmpty ? null : [.. matrix.Cells.Select(cell => DocumentOf(cell, matrix.Dimensions))],
            Default = matrix.Default is { } fallback ? PriceTypes.Write(fallback) : null,
            Pooling = matrix.Pooling switch { Pooling.EachGroup => Independent, Pooling.AcrossGroups => Pooled },
        }
        : null;

    public override string FieldOf(PriceBody body, string pointer)
    {
        if (pointer.StartsWith(Default + "/", StringComparison.Ordinal))
        {
            return Default + PriceTypes.FieldOf(body.Default!, pointer[Default.Length..]);
        }

        // /cells/3/price/tiers/0/upTo: three names to the cell's price, and the rest is that price's own.
        return pointer.Split('/', 5) is ["", "cells", var place, "price", .. var rest]
            ? $"/cells/{place}{FieldOfCell(CellAt(body, place), rest is [var inner] ? "/" + inner : "")}"
            : pointer;
    }

    /// <summary>Every combination that the author says will occur, in the order of the dimensions.</summary>
    public static ImmutableArray<ImmutableArray<string>> KnownValuesOf(PriceBody body) =>
        body is not { KnownValues: { } known, Dimensions: { } names } ? []
        : [.. known.SelectMany(entry => names.Aggregate(
            ImmutableArray.Create(ImmutableArray<string>.Empty),
            (combinations, name) => [.. combinations.SelectMany(combination => entry[name].Select(combination.Add))]))];

    protected override bool CheckWords(PriceBody body, string at, PlanFindings findings)
    {
        var sound = CheckWord(body.Pooling, "pooling", "unknown_pooling", [Independent, Pooled], at, findings);
        ImmutableArray<string?> dimensions = [.. body.Dimensions!.Value];
        var cells = body.Cells ?? [];
        if (dimensions.Contains(null) || cells.Length > Price.Dimensional.CellsMax)
        {
            findings.Errors.AddIf(dimensions.Contains(null), $"{at}/dimensions", "required", "A dimension is the name of a group-by of the meter.");
            findings.Errors.AddIf(
                cells.Length > Price.Dimensional.CellsMax, $"{at}/cells", "too_many", $"At most {Price.Dimensional.CellsMax} cells.");
            return false;
        }

        foreach (var (i, cell) in cells.Index())
        {
            sound &= CheckCell(cell, dimensions, $"{at}/cells/{i}", findings);
        }

        sound &= body.Default is null || PriceTypes.CheckNested(body.Default, $"{at}/default", findings) is not null;
        return CheckKnownValues(body, dimensions, at, findings) && sound;
    }

    protected override ImmutableArray<PriceError> FaultsOf(PriceBody body) => Price.Dimensional.Check(
        body.Dimensions!.Value, CellsOf(body), body.Default is { } fallback ? PriceTypes.Read(fallback) : null);

    private static bool CheckCell(CellBody? cell, ImmutableArray<string?> dimensions, string at, PlanFindings findings)
    {
        if (cell is null || cell.Amount is null == cell.Price is null)
        {
            findings.Errors.Add(cell is null ? at : $"{at}/price", "required", "A cell has an amount per unit or a price, and not both.");
            return false;
        }

        var strange = cell.Values.Keys.Where(name => !dimensions.Contains(name)).ToArray();
        foreach (var name in strange)
        {
            findings.Errors.Add(
                $"{at}/values/{JsonPointer.Escape(name)}", "unknown_dimension", $"The dimensions are {string.Join(", ", dimensions)}.");
        }

        var price = cell.Amount is { } amount
            ? PerUnit.Check(new PriceBody(PerUnit.Name, amount), isNested: true, at, findings)
            : PriceTypes.CheckNested(cell.Price!, $"{at}/price", findings);
        return price is not null && strange.Length == 0;
    }

    private static bool CheckKnownValues(PriceBody body, ImmutableArray<string?> dimensions, string at, PlanFindings findings)
    {
        var combinations = 0m;
        foreach (var (i, entry) in (body.KnownValues ?? []).Index())
        {
            var complete = entry is not null && entry.Count == dimensions.Length
                && dimensions.All(name => entry.TryGetValue(name!, out var values) && values is { IsDefaultOrEmpty: false }
                    && values.All(value => value is not null));
            if (!complete)
            {
                findings.Errors.Add($"{at}/knownValues/{i}", "required", "Known values are said for every dimension, at least one for each.");
                return false;
            }

            combinations += entry!.Values.Aggregate(1m, (count, values) => Math.Min(count * values.Length, RatingBounds.QuantityMax));
        }

        var fits = combinations <= Price.Dimensional.CellsMax;
        findings.Errors.AddIf(!fits, $"{at}/knownValues", "too_many", $"At most {Price.Dimensional.CellsMax} combinations.");
        return fits;
    }

    private static ImmutableArray<PriceCell> CellsOf(PriceBody body) =>
    [
        .. (body.Cells ?? []).Select(cell => new PriceCell(
            [.. body.Dimensions!.Value.Select(name => cell.Values.GetValueOrDefault(name))],
            cell.Amount is { } amount ? new Price.PerUnit(amount) : PriceTypes.Read(cell.Price!))),
    ];

    private static CellBody DocumentOf(PriceCell cell, ImmutableArray<string> dimensions)
    {
        var values = dimensions.Zip(cell.Values).Where(pair => pair.Second is not null)
            .ToImmutableSortedDictionary(pair => pair.First, pair => pair.Second!, StringComparer.Ordinal);
        return cell.Price is Price.PerUnit unit
            ? new CellBody(values, unit.Amount)
            : new CellBody(values, Price: PriceTypes.Write(cell.Price));
    }

    private static CellBody CellAt(PriceBody body, string place) => body.Cells!.Value[int.Parse(place, CultureInfo.InvariantCulture)];

    private static string FieldOfCell(CellBody cell, string rest) => cell.Price is { } price
        ? "/price" + (rest.Length == 0 ? "" : PriceTypes.FieldOf(price, rest))
        : "/amount";
}
