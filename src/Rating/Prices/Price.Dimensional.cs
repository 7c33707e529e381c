using System.Collections.Immutable;

namespace Metering.Rating;

public abstract partial record Price
{
    /// <summary>A matrix: which price applies depends on the values of dimensions, such as <c>model</c> and <c>token_type</c>.</summary>
    /// <remarks>
    /// <para>
    /// A group of usage is priced by the cell that covers its values and names most of them; between cells that name equally many, by the one
    /// that names an earlier dimension; by the default when no cell covers it. Where there is no default either, the usage is reported in
    /// <see cref="RatingResult.Unpriced"/>: it is not free, and the period cannot be closed.
    /// </para>
    /// <para>
    /// A group exists from its first use on: nothing is due for values that were not used, not even the flat amount of a first tier.
    /// </para>
    /// </remarks>
    public sealed record Dimensional : Price
    {
        /// <summary>Most dimensions.</summary>
        public const int DimensionsMax = 8;

        /// <summary>Most cells.</summary>
        public const int CellsMax = 10_000;

        private readonly CellTable table;

        /// <summary>Cells over dimensions.</summary>
        /// <param name="dimensions">At least one name, all different.</param>
        /// <param name="cells">None twice for the same values.</param>
        /// <param name="fallback">The price of values without a cell; null when they have no price.</param>
        /// <param name="pooling">Whether groups under one cell share its tiers.</param>
        /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
        public Dimensional(ImmutableArray<string> dimensions, ImmutableArray<PriceCell> cells, Price? fallback, Pooling pooling)
        {
            InvalidPriceException.ThrowIfAny(Check(dimensions, cells, fallback));
            Dimensions = dimensions;
            Cells = cells;
            Default = fallback;
            Pooling = pooling;
            table = new CellTable(dimensions, cells, fallback);
        }

        /// <summary>The names of the dimensions.</summary>
        public ImmutableArray<string> Dimensions { get; }

        /// <summary>The cells, as given.</summary>
        public ImmutableArray<PriceCell> Cells { get; }

        /// <summary>The price of values without a cell; null when they have no price.</summary>
        public Price? Default { get; }

        /// <summary>Whether groups under one cell share its tiers.</summary>
        public Pooling Pooling { get; }

        /// <summary>What would be wrong with such a price; empty when nothing.</summary>
        public static ImmutableArray<PriceError> Check(ImmutableArray<string> dimensions, ImmutableArray<PriceCell> cells, Price? fallback)
        {
            var checks = new PriceChecks();
            checks.AddIf(
                dimensions.Length is 0 or > DimensionsMax || dimensions.Distinct().Count() != dimensions.Length || dimensions.Contains(""),
                PriceErrorCode.CellsNotInDimensions,
                "/dimensions",
                $"A dimensional price has between 1 and {DimensionsMax} dimensions with different names.");
            checks.AddIf(
                cells.Length > CellsMax || (cells.IsEmpty && fallback is null),
                PriceErrorCode.CellsNotInDimensions,
                "/cells",
                $"A dimensional price has a default or at least one cell, and at most {CellsMax}.");
            for (var i = 0; i < cells.Length; i++)
            {
                checks.AddIf(
                    cells[i].Values.Length != dimensions.Length,
                    PriceErrorCode.CellsNotInDimensions,
                    $"/cells/{i}/values",
                    "A cell has one value for each dimension, or null for any.");
                CheckInner(checks, $"/cells/{i}/price", cells[i].Price);
            }

            CheckInner(checks, "/default", fallback);
            if (checks.Errors.IsEmpty && CellTable.HasDuplicate(cells, out var second))
            {
                checks.AddIf(true, PriceErrorCode.DuplicateCell, $"/cells/{second}/values", "An earlier cell is for the same values.");
            }

            checks.AddIf(
                fallback is not null && cells.Any(cell => cell.Values.All(value => value is null)),
                PriceErrorCode.DuplicateCell,
                "/default",
                "A cell for any values is the default already.");
            return checks.Errors;
        }

        /// <summary>The price of a combination of values, in the order of the dimensions; null when it has none.</summary>
        public Price? PriceOf(params ImmutableArray<string> values) => table.Find(values)?.Price;

        /// <summary>Whether dimensions, cells, default and pooling are equal.</summary>
        public bool Equals(Dimensional? other) => other is not null
            && Pooling == other.Pooling
            && Default == other.Default
            && Dimensions.SequenceEqual(other.Dimensions)
            && Cells.SequenceEqual(other.Cells);

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(Pooling, Default, Dimensions.Length, Cells.Length);

        internal override bool IsOfQuantity => false;

        internal override Usage UsageOf(RatingInput input) => Agreed(input.Groups.Total, base.UsageOf(input));

        internal override void ChargeTo(Tally tally)
        {
            var billed = 0m;
            foreach (var (scope, cell, quantity) in Portions(tally))
            {
                // Each portion is converted by itself, so what is billed is the sum of what they come to, not the conversion of their sum.
                var converted = tally.Converted(quantity);
                billed += converted;
                if (cell is not null)
                {
                    tally.ChargeWithin(scope!, cell, converted);
                }
            }

            tally.Bill(billed);
        }

        /// <summary>What is charged together: each group, or all groups that one cell covers. Usage without a price is reported on the way.</summary>
        private List<(Scope? Scope, Price? Cell, decimal Quantity)> Portions(Tally tally)
        {
            // Groups come in the order of their values, and so do cells by their first group: the same for every recalculation.
            List<(Scope?, Price?, decimal Quantity)> portions = [];
            var places = new Dictionary<CellTable.Entry, int>(ReferenceEqualityComparer.Instance);
            foreach (var group in tally.Input.Groups.By(Dimensions).Groups)
            {
                var quantity = tally.At(group.Usage);
                if (quantity == 0m)
                {
                    continue;
                }

                if (table.Find(group.Values) is not { } cell)
                {
                    tally.AddUnpriced(Unpriced(group));
                    portions.Add((null, null, quantity));
                }
                else if (Pooling == Pooling.EachGroup)
                {
                    portions.Add((cell.IsOneGroup ? cell.Scope : Scope.Of(Dimensions, group.Values!), cell.Price, quantity));
                }
                else if (places.TryAdd(cell, portions.Count))
                {
                    portions.Add((cell.Scope, cell.Price, quantity));
                }
                else
                {
                    portions[places[cell]] = (cell.Scope, cell.Price, portions[places[cell]].Quantity + quantity);
                }
            }

            return portions;
        }

        private UnpricedUsage Unpriced(UsageGroup group) =>
            new(GroupName.ReferenceOf(Dimensions, group.Values!), GroupName.Of(Dimensions, group.Values!), group.Usage);

        private static void CheckInner(PriceChecks checks, string pointer, Price? price) => checks.AddIf(
            price is { IsOfQuantity: false },
            PriceErrorCode.NotApplicable,
            pointer,
            "A cell is priced per unit, by package, by tiers, by overage, or as a multiple of its cost.");
    }
}
