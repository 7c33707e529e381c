using System.Globalization;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Metering.Platform.Http;

/// <summary>
/// Which page is asked for: <c>?page=</c> from 1, <c>?pageSize=</c> from 1 to 1000, default 100. As a parameter of a handler it reads
/// itself and refuses with 400 what is out of range.
/// </summary>
public readonly record struct PageRequest(int Number, int Size)
{
    private const int MaxNumber = 1_000_000;

    public int Offset => checked((Number - 1) * Size);

    /// <summary>Null when the parameters are in range; otherwise what is wrong with them.</summary>
    public static FieldError? TryCreate(int? page, int? pageSize, out PageRequest request)
    {
        request = new PageRequest(page ?? 1, pageSize ?? RequestLimits.DefaultPageSize);
        return page is < 1 or > MaxNumber ? new FieldError("?page", "out_of_range", "Pages are counted from 1.")
            : pageSize is < 1 or > RequestLimits.MaxPageSize
                ? new FieldError("?pageSize", "out_of_range", $"A page holds 1 to {RequestLimits.MaxPageSize} items.")
                : null;
    }

    public static ValueTask<PageRequest> BindAsync(HttpContext context) =>
        TryCreate(Number32(context, "page"), Number32(context, "pageSize"), out var request) is { } error
            ? throw new RefusedBindingException(error)
            : ValueTask.FromResult(request);

    public Page<T> Of<T>(IEnumerable<T> items, long total) => new([.. items], total, Number, Size);

    /// <summary>Null when the parameter is absent.</summary>
    internal static int? Number32(HttpContext context, string name)
    {
        var text = context.Request.Query[name].ToString();
        return text.Length == 0 ? null
            : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
            : throw new RefusedBindingException(new FieldError($"?{name}", "invalid_value", "The value has the wrong type or format."));
    }
}
