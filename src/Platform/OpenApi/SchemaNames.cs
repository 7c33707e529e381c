using System.Collections.Frozen;
using System.Reflection;

namespace Metering.Platform.OpenApi;

/// <summary>Two modules may have types of one name; in the document they need two.</summary>
internal static class SchemaNames
{
    private const string Product = "Metering.";

    private static readonly Lazy<FrozenSet<string>> Ambiguous = new(() =>
        AppDomain.CurrentDomain.GetAssemblies()
            .Where(assembly => assembly.GetName().Name?.StartsWith(Product, StringComparison.Ordinal) == true)
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => !type.Name.Contains('<', StringComparison.Ordinal))
            .GroupBy(type => type.Name, StringComparer.Ordinal)
            .Where(types => types.Select(ModuleOf).Distinct(StringComparer.Ordinal).Skip(1).Any())
            .Select(types => types.Key)
            .ToFrozenSet(StringComparer.Ordinal));

    public static bool IsAmbiguous(Type type) => !type.IsGenericType && Ambiguous.Value.Contains(type.Name);

    public static string ModuleOf(Type type) => ModuleOf(type.Assembly);

    public static string ModuleOf(Assembly assembly) =>
        assembly.GetName().Name is { } name && name.StartsWith(Product, StringComparison.Ordinal)
            ? name[Product.Length..].Replace(".", "", StringComparison.Ordinal)
            : "";
}
