using Microsoft.AspNetCore.Http;

namespace Metering.Platform.Problems;

/// <summary>
/// What the framework says of a parameter that it could not read names our types and no field:
/// <c>Failed to bind parameter "Nullable&lt;int&gt; page" from "x".</c> Clients are told the field and nothing of ours.
/// </summary>
internal static class BindingFailure
{
    public static FieldError? FieldOf(BadHttpRequestException exception)
    {
        var message = exception.Message;
        if (message.Split('"') is not [_, var parameter, ..])
        {
            return null;
        }

        if (message.StartsWith("Failed to bind parameter", StringComparison.Ordinal))
        {
            return new FieldError("?" + NameOf(parameter), "invalid_value", "The value has the wrong type or format.");
        }

        return message.EndsWith("from query string.", StringComparison.Ordinal)
            ? new FieldError("?" + NameOf(parameter), "required", "The parameter is required.")
            : new FieldError("", "invalid_json", "A body of JSON is required.");
    }

    /// <summary>The parameter is named after its type, and in C# it may begin with a capital.</summary>
    private static string NameOf(string parameter)
    {
        var name = parameter[(parameter.LastIndexOf(' ') + 1)..];
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}
