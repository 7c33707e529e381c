using Xunit;

namespace Metering.Faults;

/// <summary>Tests that start and kill real processes: one after another, and never beside anything else.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FaultCollection
{
    public const string Name = "faults";
}
