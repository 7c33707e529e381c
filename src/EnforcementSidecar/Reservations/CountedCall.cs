using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>What a call is said to have used when its provider has not said it.</summary>
/// <param name="Orphaned">Nobody settled it in time.</param>
internal readonly record struct CountedCall(long PromptTokens, long OutputTokens, bool Orphaned)
{
    public long UnitsOf(CountedTokens counts) => counts switch
    {
        CountedTokens.Input => PromptTokens,
        CountedTokens.Output => OutputTokens,
        CountedTokens.Total => PromptTokens + OutputTokens,
    };

    /// <summary>What is charged for a reservation that nobody has settled; its units are never more than were reserved.</summary>
    public static CountedCall OfOrphan(in Reservation reservation, OrphanPolicy policy, CountedTokens counts)
    {
        var prompt = Math.Min(reservation.PromptTokens ?? 0, counts == CountedTokens.Output ? long.MaxValue : reservation.Units);
        return policy switch
        {
            OrphanPolicy.Refund => new CountedCall(0, 0, Orphaned: true),
            OrphanPolicy.ChargePrompt => new CountedCall(prompt, 0, Orphaned: true),
            OrphanPolicy.ChargeReserved => counts switch
            {
                CountedTokens.Input => new CountedCall(reservation.Units, 0, Orphaned: true),
                CountedTokens.Output => new CountedCall(prompt, reservation.Units, Orphaned: true),
                CountedTokens.Total => new CountedCall(prompt, reservation.Units - prompt, Orphaned: true),
            },
        };
    }
}
