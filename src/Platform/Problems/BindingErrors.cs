using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Metering.Platform.Problems;

/// <summary>What the framework says of a request it could not read, in the words of the API: by field, and without our type names.</summary>
public static partial class BindingErrors
{
    public static IReadOnlyList<FieldError> Of(BadHttpRequestException exception)
    {
        if (exception is RefusedBindingException refused)
        {
            return [refused.Error];
        }

        if (exception.InnerException is JsonException json)
        {
            return Of(json);
        }

        if (UnreadParameter().Match(exception.Message) is { Success: true } parameter)
        {
            var name = JsonNamingPolicy.CamelCase.ConvertName(parameter.Groups["name"].Value);
            return [new FieldError($"?{name}", "invalid_value", "The value has the wrong type or format.")];
        }

        if (MissingParameter().Match(exception.Message) is { Success: true } missing)
        {
            var name = JsonNamingPolicy.CamelCase.ConvertName(missing.Groups["name"].Value);
            return [new FieldError($"?{name}", "required", "The parameter is required.")];
        }

        return exception.Message.Contains("no body was provided", StringComparison.Ordinal)
            ? [new FieldError("", "required", "The request needs a body of JSON.")]
            : [];
    }

    /// <summary>Of JSON that fits no type, with pointers from where its reading began.</summary>
    public static IReadOnlyList<FieldError> Of(JsonException exception)
    {
        var pointer = JsonPointer.FromPath(exception.Path);
        var message = exception.Message;
        if (message.Contains("missing required properties", StringComparison.Ordinal))
        {
            return [.. QuotedName().Matches(message[message.LastIndexOf(':')..]).Select(name =>
                new FieldError($"{pointer}/{JsonPointer.Escape(name.Groups["name"].Value)}", "required", "The field is required."))];
        }

        if (message.Contains("doesn't allow", StringComparison.Ordinal))
        {
            return [new FieldError(pointer, "required", "The field is required and is not null.")];
        }

        // The parser's own words have the path and the line behind them.
        var cut = message.IndexOf(" Path:", StringComparison.Ordinal);
        return [new FieldError(pointer, "invalid_json", Reword(cut > 0 ? message[..cut] : message))];
    }

    private static string Reword(string message) =>
        message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal) ? "The field is not known here."
        : message.StartsWith("Duplicate property", StringComparison.Ordinal) ? "The field is written twice."
        : message.Contains("could not be converted", StringComparison.Ordinal) ? "The value has the wrong type or format."
        : message;

    [GeneratedRegex("^Failed to bind parameter \"[^\"]* (?<name>\\w+)\" from ", RegexOptions.CultureInvariant)]
    private static partial Regex UnreadParameter();

    [GeneratedRegex("^Required parameter \"[^\"]* (?<name>\\w+)\" was not provided from query string", RegexOptions.CultureInvariant)]
    private static partial Regex MissingParameter();

    [GeneratedRegex("'(?<name>[^']+)'", RegexOptions.CultureInvariant)]
    private static partial Regex QuotedName();
}
