using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Metering.Rating.Tests;

public sealed class PublicFaceTest
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Assembly Rating = typeof(Rater).Assembly;

    [Fact]
    public void The_public_face_changes_only_on_purpose()
    {
        var text = new StringBuilder();
        foreach (var type in Rating.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(type.FullName).Append('\n');
            var members = type.GetMembers(Declared & ~BindingFlags.NonPublic)
                .Where(member => member is not Type && !IsMadeByTheCompiler(member))
                .Select(member => $"  {member}{DefaultsOf(member)}")
                .Order(StringComparer.Ordinal);
            text.Append(string.Concat(members.Select(member => $"{member}\n")));
        }

        Golden.Matches("public-face.txt", text.ToString());
    }

    [Fact]
    public void Rating_refers_to_nothing_but_NodaTime_and_the_runtime() => Assert.All(
        Rating.GetReferencedAssemblies().Select(assembly => assembly.Name!),
        name => Assert.True(name == "NodaTime" || name.StartsWith("System.", StringComparison.Ordinal), name));

    [Fact]
    public void Nothing_in_rating_is_a_floating_point_number()
    {
        Type[] banned = [typeof(double), typeof(float), typeof(Half)];
        foreach (var type in Rating.GetTypes())
        {
            var methods = type.GetMethods(Declared);
            IEnumerable<(string Where, Type Type)> used =
            [
                .. type.GetFields(Declared).Select(field => ($"{type}.{field.Name}", field.FieldType)),
                .. methods.Select(method => ($"{type}.{method.Name}", method.ReturnType)),
                .. methods.SelectMany(method => method.GetParameters().Select(parameter => ($"{type}.{method.Name}", parameter.ParameterType))),
                .. methods.SelectMany(method =>
                    (method.GetMethodBody()?.LocalVariables ?? []).Select(local => ($"{type}.{method.Name}", local.LocalType))),
            ];
            Assert.All(used, use => Assert.DoesNotContain(use.Type, banned));
        }
    }

    /// <summary>Constants and defaults are compiled into whoever uses them, so they are as much a promise as names are.</summary>
    private static string DefaultsOf(MemberInfo member) => member switch
    {
        FieldInfo { IsLiteral: true } field when !field.DeclaringType!.IsEnum => $" = {field.GetRawConstantValue()}",
        FieldInfo { FieldType: var type } field when field.IsStatic && type == typeof(decimal) => $" = {field.GetValue(null)}",
        MethodBase method => string.Concat(method.GetParameters().Where(parameter => parameter.HasDefaultValue)
            .Select(parameter => $", {parameter.Name} = {parameter.DefaultValue ?? "null"}")),
        _ => "",
    };

    /// <summary>The accessors behind properties, the equality of records, and the number behind an enum are not part of the face.</summary>
    private static bool IsMadeByTheCompiler(MemberInfo member) =>
        member is FieldInfo { IsSpecialName: true }
        || member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        || (member is MethodInfo { IsSpecialName: true } method && !method.Name.StartsWith("op_", StringComparison.Ordinal));
}
