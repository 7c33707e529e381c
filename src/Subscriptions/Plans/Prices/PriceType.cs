using System.Collections.Immutable;
using Metering.Rating;

namespace Metering.Subscriptions.Plans.Prices;

/// <summary>
/// One type of price of plan documents: which fields it has, and the way to rating's price and back. A new type is a new file here and a line
/// in <see cref="PriceTypes"/>.
/// </summary>
internal abstract class PriceType
{
    private static readonly ImmutableArray<string> Bounds = ["minimumAmount", "maximumAmount"];

    /// <summary>What <c>type</c> says.</summary>
    public abstract string Name { get; }

    /// <summary>Whether a minimum and a maximum per period may be agreed with it.</summary>
    public virtual bool HasBounds => true;

    /// <summary>Every field it may have, beside its type.</summary>
    public ImmutableArray<string> Fields => [.. Required, .. Optional, .. HasBounds ? Bounds : []];

    protected abstract ImmutableArray<string> Required { get; }

    protected virtual ImmutableArray<string> Optional => [];

    /// <summary>The price of a body that was checked.</summary>
    public abstract Price Read(PriceBody body);

    /// <summary>The document of a price; null when it is another type's.</summary>
    public abstract PriceBody? Write(Price price);

    /// <summary>Where the document has what rating points to: <c>/tiers/0/upTo</c> → <c>/tiers/0/upToAmount</c>.</summary>
    public virtual string FieldOf(PriceBody body, string pointer) => pointer;

    /// <param name="isNested">Whether it is a price within a price, which has no bounds of its own.</param>
    /// <returns>The price; null when something is wrong with it, which was added to the findings.</returns>
    public Price? Check(PriceBody body, bool isNested, string at, PlanFindings findings) =>
        CheckFields(body, isNested, at, findings) && CheckWords(body, at, findings) ? CheckFigures(body, at, findings) : null;

    /// <summary>Whether the words of the body are known and what it holds is complete.</summary>
    protected virtual bool CheckWords(PriceBody body, string at, PlanFindings findings) => true;

    /// <summary>What rating says against the figures.</summary>
    protected abstract ImmutableArray<PriceError> FaultsOf(PriceBody body);

    protected virtual Price? CheckFigures(PriceBody body, string at, PlanFindings findings)
    {
        var faults = FaultsOf(body);
        findings.Add(faults, at, pointer => FieldOf(body, pointer));
        return faults.IsEmpty ? Read(body) : null;
    }

    /// <summary>Whether a field holds one of some words or nothing.</summary>
    protected static bool CheckWord(string? word, string field, string code, ImmutableArray<string> known, string at, PlanFindings findings)
    {
        var isKnown = word is null || known.Contains(word);
        findings.Errors.AddIf(!isKnown, $"{at}/{field}", code, $"This is one of {string.Join(", ", known)}.");
        return isKnown;
    }

    private bool CheckFields(PriceBody body, bool isNested, string at, PlanFindings findings)
    {
        var complete = true;
        var allowed = isNested ? Fields.RemoveRange(Bounds) : Fields;
        foreach (var field in PriceField.All)
        {
            var isIn = field.IsIn(body);
            var isMissing = !isIn && Required.Contains(field.Name);
            findings.Errors.AddIf(
                isIn && !allowed.Contains(field.Name), $"{at}/{field.Name}", "not_allowed",
                isNested && Bounds.Contains(field.Name)
                    ? $"The {field.Name} is that of the whole rate card."
                    : $"A price of type {Name} has no {field.Name}.");
            findings.Errors.AddIf(isMissing, $"{at}/{field.Name}", "required", $"A price of type {Name} needs its {field.Name}.");
            complete &= !isMissing;
        }

        return complete;
    }
}
