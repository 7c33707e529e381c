using System.Reflection;

namespace Metering.Mutate;

/// <summary>A test method and its arguments, called without the test framework, which takes longer to start than most tests to run.</summary>
internal sealed class TestCase(MethodInfo method, object?[] arguments)
{
    private const string Fact = "FactAttribute";
    private const string Theory = "TheoryAttribute";

    /// <summary>All tests of an assembly, always in the same order.</summary>
    public static IReadOnlyList<TestCase> In(Assembly tests) =>
    [
        .. tests.GetTypes()
            .Where(type => !type.IsAbstract)
            .OrderBy(type => type.FullName, StringComparer.Ordinal)
            .SelectMany(type => type.GetMethods())
            .SelectMany(Of),
    ];

    /// <summary>Whether the test passes.</summary>
    public bool Passes()
    {
        try
        {
            method.Invoke(Activator.CreateInstance(method.DeclaringType!), arguments);
            return true;
        }
        catch (TargetInvocationException)
        {
            return false;
        }
    }

    public override string ToString() => $"{method.DeclaringType!.Name}.{method.Name}";

    private static IEnumerable<TestCase> Of(MethodInfo method)
    {
        var attributes = method.GetCustomAttributes().ToList();
        if (attributes.Any(attribute => attribute.GetType().Name is not (Fact or Theory) && attribute.GetType().Name.Contains("DataAttribute")
            && DataOf(attribute) is null))
        {
            throw new NotSupportedException($"{method} gets its data in a way that is not known here.");
        }

        return attributes.Any(attribute => attribute.GetType().Name == Theory)
            ? attributes.Select(DataOf).OfType<object?[]>().Select(data => new TestCase(method, Fitted(method, data)))
            : attributes.Where(attribute => attribute.GetType().Name == Fact).Select(_ => new TestCase(method, []));
    }

    private static object?[]? DataOf(Attribute attribute) => attribute.GetType().GetProperty("Data")?.GetValue(attribute) as object?[];

    private static object?[] Fitted(MethodInfo method, object?[] data) =>
    [
        .. method.GetParameters().Zip(data, (parameter, value) =>
            value is int number && parameter.ParameterType == typeof(decimal) ? (decimal)number : value),
    ];
}
