namespace Metering.Mutate;

/// <summary>What became of a mutant.</summary>
internal enum Verdict
{
    /// <summary>A test failed.</summary>
    Killed,

    /// <summary>A test ran far too long, or ended the process.</summary>
    TimedOut,

    /// <summary>Every test passed: something is not held by a test, or the change makes no difference.</summary>
    Survived,

    /// <summary>No test comes by the place at all, so it survived as well.</summary>
    NotReached,

    /// <summary>The compiler refused it; it does not count.</summary>
    DoesNotCompile,
}
