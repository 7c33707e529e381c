using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Metering.Platform.Problems;

/// <summary>The one way an error leaves the API: RFC 9457 <c>application/problem+json</c>.</summary>
public static class Problem
{
    public const int MaxFieldErrors = 50;

    public static IResult Of(ProblemType type, string detail, params IReadOnlyList<FieldError> errors) =>
        Results.Problem(Details(type, detail, errors));

    /// <summary>400 naming one field.</summary>
    public static IResult Invalid(string pointer, string code, string message) => Invalid(new FieldError(pointer, code, message));

    /// <summary>400 naming every field that is wrong; <paramref name="errors"/> is not empty.</summary>
    public static IResult Invalid(params IReadOnlyList<FieldError> errors) =>
        Of(ProblemType.InvalidRequest, errors.Count == 1 ? errors[0].Message : $"{errors.Count} fields are not valid.", errors);

    public static IResult NotFound(string what, string key) => Of(ProblemType.NotFound, $"There is no {what} {Shorten(key)}.");

    internal static ProblemDetails Details(ProblemType type, string detail, IReadOnlyList<FieldError> errors)
    {
        var details = new ProblemDetails { Type = type.Uri, Title = type.Title, Status = type.Status, Detail = detail };
        details.Instance = $"urn:metering:request:{Activity.Current?.TraceId.ToString() ?? "none"}";
        if (errors.Count > 0)
        {
            details.Extensions["errors"] = errors.Take(MaxFieldErrors).ToArray();
        }

        return details;
    }

    /// <summary>What a caller sent is echoed only as far as a person needs to recognise it.</summary>
    private static string Shorten(string text) => text.Length <= 64 ? $"'{text}'" : $"'{text[..64]}…'";
}
