namespace Metering.Mutate;

/// <summary>What became of a mutant, and at which test.</summary>
internal readonly record struct Fate(Verdict Verdict, string Test)
{
    public bool IsAlive => Verdict is Verdict.Survived or Verdict.NotReached;
}
