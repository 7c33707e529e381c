using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Identifiers;
using NodaTime;

namespace Metering.Sidecar.Bench;

/// <summary>A hundred thousand customers, each with a key and a feature that has a rate limit and a hard daily quota.</summary>
internal static class Population
{
    public const int Customers = 100_000;

    /// <summary>So many of them send requests, each in its turn.</summary>
    public const int Active = 2_000;

    public const string Feature = "completions";
    private const long Limit = 1_000_000_000_000;
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);

    public static string Key(int customer) => $"bench-key-{customer:D8}-0123456789abcdef";

    /// <summary>Spread over all of them, so that neighbours in memory are not neighbours in time.</summary>
    public static int ActiveCustomer(int turn) => (int)((long)turn % Active * (Customers / Active));

    public static IEnumerable<CustomerAccess> All() => Enumerable.Range(0, Customers).Select(number => new CustomerAccess(
        Ulid.NewText(Start), null, $"subject-{number}", CustomerStatus.Active,
        [Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key(number))))],
        [
            new FeatureAccess(
                Feature, Start, null, "request", null, new QuotaTerms(Ulid.NewText(Start), LimitClass.Hard, Limit, "P1D"),
                ImmutableArray.Create(new RateLimitTerms(1_000_000, 1, 1_000_000))),
        ]));
}
