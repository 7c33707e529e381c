using FsCheck;
using FsCheck.Fluent;

namespace Metering.Rating.Tests;

/// <summary>Checks a property over generated cases. A failure prints the case and the seed that replays it.</summary>
internal static class Law
{
    private const int Cases = 10_000;

    public static void Holds<T>(Gen<T> cases, Action<T> law) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Cases), Prop.ForAll(cases.ToArbitrary(), law));
}
