using System.Reflection;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace Metering.Conformance;

/// <summary>One test for each operation of an area.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OperationsOfAttribute(string area) : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([.. Operation.All.Where(operation => operation.Area == area).Select(operation => new TheoryDataRow<string>(operation.OperationId))]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
