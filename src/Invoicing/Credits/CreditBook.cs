using System.Collections.Immutable;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>
/// The wallet of a customer in one currency: its grants as they stand, and the movements that were decided over them and are not written yet. Pure.
/// Time comes first: whatever is asked of it at an instant, what began and what expired by then is booked before.
/// </summary>
internal sealed class CreditBook
{
    private readonly Dictionary<Guid, CreditGrant> grants;
    private readonly ImmutableArray<CreditMovement>.Builder movements = ImmutableArray.CreateBuilder<CreditMovement>();

    /// <param name="grants">Every grant of which something may move.</param>
    /// <param name="balance">Of the whole wallet, also of grants that are not there.</param>
    public CreditBook(IEnumerable<CreditGrant> grants, Money balance)
    {
        this.grants = grants.ToDictionary(grant => grant.Id);
        Balance = balance;
    }

    public Money Balance { get; private set; }

    public IEnumerable<CreditGrant> Grants => grants.Values;

    public ImmutableArray<CreditMovement> Movements => movements.ToImmutable();

    public CreditGrant Find(Guid id) => grants[id];

    /// <summary>Books what became effective and what expired by an instant, each at its own.</summary>
    public void SettleUntil(Instant now)
    {
        var starts = grants.Values
            .Where(grant => grant is { FundedAt: null, VoidedAt: null } && grant.EffectiveAt <= now)
            .Select(grant => (At: grant.EffectiveAt, Ends: false, grant.Id));
        var ends = grants.Values
            .Where(grant => grant.VoidedAt is null && grant.IsOverAt(now) && (grant.FundedAt is null || !grant.Remaining.IsZero))
            .Select(grant => (At: grant.ExpiresAt!.Value, Ends: true, grant.Id));
        var due = starts.Concat(ends).OrderBy(one => one.At).ThenBy(one => one.Ends).ThenBy(one => grants[one.Id].Number).ToArray();
        foreach (var (at, isEnd, id) in due)
        {
            var grant = grants[id];
            if (isEnd)
            {
                Move(grant, CreditMovementType.Expired, -grant.Remaining, at);
            }
            else
            {
                grants[id] = grant with { FundedAt = at };
                Move(grants[id], CreditMovementType.Funded, grant.Amount, at);
            }
        }
    }

    /// <summary>What would be paid now; nothing moves.</summary>
    public ImmutableArray<CreditUseOfLine> Preview(ImmutableArray<CreditableLine> lines, Instant now) =>
        CreditOrder.Apply(lines, grants.Values, now);

    /// <summary>Pays lines of a document.</summary>
    public ImmutableArray<CreditUseOfLine> Consume(Guid invoiceId, ImmutableArray<CreditableLine> lines, Instant now)
    {
        SettleUntil(now);
        var uses = Preview(lines, now);
        foreach (var use in uses)
        {
            Move(grants[use.Grant.Id], CreditMovementType.Consumed, -use.Amount, now, invoiceId, use.LineId);
        }

        return uses;
    }

    /// <summary>
    /// Gives what a document took back to the grants it came from. What came from a grant that has expired or was voided meanwhile is lost with it:
    /// a voided document leaves nobody with more time than was agreed.
    /// </summary>
    /// <param name="consumed">What the document took, net: below zero.</param>
    public void GiveBack(IEnumerable<CreditMovement> consumed, Instant now)
    {
        SettleUntil(now);
        foreach (var taken in consumed)
        {
            Move(grants[taken.GrantId], CreditMovementType.Consumed, -taken.Amount, now, taken.InvoiceId, taken.LineId);
            var grant = grants[taken.GrantId];
            if (grant.VoidedAt is not null)
            {
                Move(grant, CreditMovementType.Voided, -grant.Remaining, now);
            }
            else if (grant.IsOverAt(now))
            {
                Move(grant, CreditMovementType.Expired, -grant.Remaining, now);
            }
        }
    }

    /// <summary>Forfeits what is left of a grant; what it has paid stays paid.</summary>
    public void Void(Guid id, Instant now)
    {
        SettleUntil(now);
        var grant = grants[id];
        Move(grant, CreditMovementType.Voided, -grant.Remaining, now);
        grants[id] = grants[id] with { VoidedAt = now };
    }

    private void Move(CreditGrant grant, CreditMovementType type, Money amount, Instant at, Guid? invoiceId = null, Guid? lineId = null)
    {
        if (amount.IsZero)
        {
            return;
        }

        movements.Add(new CreditMovement(grant.Id, type, amount, Balance, at, invoiceId, lineId));
        Balance += amount;
        grants[grant.Id] = grant with { Remaining = grant.Remaining + amount };
    }
}
