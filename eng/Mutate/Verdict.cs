namespace Metering.Mutate;

/// <summary>What became of a mutant.</summary>
internal enum Verdict
{
    /// <summary>A test failed, or ran far too long.</summary>
    Killed,

    /// <summary>Every test passed: something is not held by a test, or the change makes no difference.</summary>
    Survived,

    /// <summary>The compiler refused it; it does not count.</summary>
    DoesNotCompile,
}
