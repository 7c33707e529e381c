using System.Collections.Immutable;
using Metering.Subscriptions.Wire;

namespace Metering.Invoicing.Profiles;

/// <summary>Query parameters that take words of a closed list.</summary>
internal static class QueryWords
{
    public static void Check(string name, IEnumerable<string?>? values, ImmutableArray<string> known, FieldErrors errors) => errors.AddIf(
        values?.Any(value => value is null || !known.Contains(value)) ?? false, $"?{name}", "unknown_value",
        $"A value is one of {string.Join(", ", known)}.");
}
