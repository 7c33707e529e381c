using Metering.Platform.Problems;

namespace Metering.Platform.Http;

/// <summary>Which page is asked for: <c>?page=</c> from 1, <c>?pageSize=</c> from 1 to 1000, default 100.</summary>
public readonly record struct PageRequest(int Number, int Size)
{
    public int Offset => checked((Number - 1) * Size);

    /// <summary>Null when the parameters are in range; otherwise what is wrong with them.</summary>
    public static FieldError? TryCreate(int? page, int? pageSize, out PageRequest request)
    {
        request = new PageRequest(page ?? 1, pageSize ?? RequestLimits.DefaultPageSize);
        return page is < 1 or > 1_000_000 ? new FieldError("?page", "out_of_range", "Pages are counted from 1.")
            : pageSize is < 1 or > RequestLimits.MaxPageSize
                ? new FieldError("?pageSize", "out_of_range", $"A page holds 1 to {RequestLimits.MaxPageSize} items.")
                : null;
    }
}
