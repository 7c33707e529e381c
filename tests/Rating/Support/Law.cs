using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;

namespace Metering.Rating.Tests;

/// <summary>
/// Checks a property over generated cases and prints its seed. <c>METERING_LAW_SEED=seed,gamma</c> replays one; <c>METERING_LAW_CASES</c> sets
/// the number of cases where the time for all is not there, as between two mutants.
/// </summary>
internal static class Law
{
    private const int Cases = 10_000;

    public static void Holds<T>(Gen<T> cases, Action<T> law, [CallerMemberName] string name = "")
    {
        var (seed, gamma) = SeedFrom(Environment.GetEnvironmentVariable("METERING_LAW_SEED"));
        var count = Environment.GetEnvironmentVariable("METERING_LAW_CASES") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : Cases;
        Console.WriteLine($"{name}: {count} cases, METERING_LAW_SEED={seed},{gamma}");
        var config = Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(seed, gamma);
        Check.One(config, Prop.ForAll(cases.ToArbitrary(), law));
    }

    private static (ulong Seed, ulong Gamma) SeedFrom(string? text)
    {
        if (text?.Split(',') is [var seed, var gamma])
        {
            return (ulong.Parse(seed, CultureInfo.InvariantCulture), ulong.Parse(gamma, CultureInfo.InvariantCulture));
        }

        // The generator wants an odd second number.
        var random = RandomNumberGenerator.GetBytes(2 * sizeof(ulong));
        return (BitConverter.ToUInt64(random, 0), BitConverter.ToUInt64(random, sizeof(ulong)) | 1UL);
    }
}
