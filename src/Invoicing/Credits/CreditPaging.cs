using Metering.Platform.Problems;

namespace Metering.Invoicing.Credits;

/// <summary>The bounds of pages of grants and of transactions.</summary>
internal static class CreditPaging
{
    public const int DefaultSize = 20;
    private const int MaxSize = 100;
    private const int MaxNumber = 1_000_000;

    public static FieldError? Check(int? size, int? number = null) =>
        size is < 1 or > MaxSize ? new FieldError("?page[size]", "out_of_range", $"A page holds 1 to {MaxSize} items.")
        : number is < 1 or > MaxNumber ? new FieldError("?page[number]", "out_of_range", "Pages are counted from 1.")
        : null;
}
