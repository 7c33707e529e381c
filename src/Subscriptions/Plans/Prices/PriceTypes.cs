using System.Collections.Immutable;
using System.Diagnostics;
using Metering.Rating;

namespace Metering.Subscriptions.Plans.Prices;

/// <summary>The price types there are.</summary>
internal static class PriceTypes
{
    public static readonly ImmutableArray<PriceType> All =
    [
        new FlatPriceType(), new UnitPriceType(), new TieredPriceType(), new PackagePriceType(), new DynamicPriceType(),
        new OveragePriceType(), new PercentagePriceType(), new GraduatedPercentagePriceType(), new DimensionalPriceType(),
    ];

    public static PriceType? Find(string name) => All.FirstOrDefault(type => type.Name == name);

    /// <summary>The price of a body that was checked.</summary>
    public static Price Read(PriceBody body) => TypeOf(body).Read(body);

    public static PriceBody Write(Price price) => All.Select(type => type.Write(price)).FirstOrDefault(body => body is not null)
        ?? throw new UnreachableException($"{price.GetType()} has no shape in plan documents.");

    /// <summary>Where the document has what rating points to.</summary>
    public static string FieldOf(PriceBody body, string pointer) => TypeOf(body).FieldOf(body, pointer);

    /// <returns>The price; null when something is wrong with it.</returns>
    public static Price? Check(PriceBody body, string at, PlanFindings findings) => Check(body, isNested: false, at, findings);

    /// <summary>A price within a price.</summary>
    public static Price? CheckNested(PriceBody body, string at, PlanFindings findings) => Check(body, isNested: true, at, findings);

    private static Price? Check(PriceBody body, bool isNested, string at, PlanFindings findings)
    {
        if (Find(body.Type) is { } type)
        {
            return type.Check(body, isNested, at, findings);
        }

        findings.Errors.Add($"{at}/type", "unknown_price_type", $"A price is one of {string.Join(", ", All.Select(one => one.Name))}.");
        return null;
    }

    private static PriceType TypeOf(PriceBody body) =>
        Find(body.Type) ?? throw new InvalidOperationException($"A price of type '{body.Type}' passed the checks.");
}
