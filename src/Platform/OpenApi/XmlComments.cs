using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Metering.Platform.OpenApi;

/// <summary>The comments that the compiler wrote beside each assembly of the product.</summary>
internal static partial class XmlComments
{
    private static readonly ConcurrentDictionary<Assembly, IReadOnlyDictionary<string, XElement>> Files = new();

    public static string? OfType(Type type) => TextOf(Find(type, $"T:{NameOf(type)}")?.Element("summary"));

    /// <summary>The property's own comment, or that of the record's parameter it comes from.</summary>
    public static string? OfProperty(JsonPropertyInfo property)
    {
        if (property.AttributeProvider is not PropertyInfo member || member.DeclaringType is not { } type)
        {
            return null;
        }

        var own = Find(type, $"P:{NameOf(type)}.{member.Name}")?.Element("summary");
        var parameter = Find(type, $"T:{NameOf(type)}")?.Elements("param").FirstOrDefault(item => item.Attribute("name")?.Value == member.Name);
        return TextOf(own ?? parameter);
    }

    private static XElement? Find(Type type, string member) => Files.GetOrAdd(type.Assembly, Read).GetValueOrDefault(member);

    /// <summary>A nested type is written with a dot here.</summary>
    private static string NameOf(Type type)
    {
        var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        return definition.FullName!.Replace('+', '.');
    }

    private static IReadOnlyDictionary<string, XElement> Read(Assembly assembly)
    {
        var file = Path.ChangeExtension(assembly.Location, ".xml");
        return assembly.GetName().Name?.StartsWith("Metering.", StringComparison.Ordinal) == true && File.Exists(file)
            ? XDocument.Load(file).Descendants("member").ToDictionary(member => member.Attribute("name")!.Value, StringComparer.Ordinal)
            : new Dictionary<string, XElement>();
    }

    private static string? TextOf(XElement? comment) =>
        comment is null ? null : Blank().Replace(string.Concat(comment.Nodes().Select(Plain)), " ").Trim();

    private static string Plain(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" } see => Regex.Match(see.Attribute("cref")?.Value ?? "", "[^.:]+$").Value,
        XElement { Name.LocalName: "paramref" } reference => Camel(reference.Attribute("name")?.Value ?? ""),
        XElement element => string.Concat(element.Nodes().Select(Plain)),
        _ => "",
    };

    private static string Camel(string name) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(name);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();
}
