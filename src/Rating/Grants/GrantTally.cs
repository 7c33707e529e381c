namespace Metering.Rating;

/// <summary>The running account of one grant.</summary>
internal sealed class GrantTally(Grant grant)
{
    private decimal opening;
    private decimal granted;
    private decimal used;
    private decimal expired;
    private decimal voided;
    private decimal forfeited;

    public Grant Grant { get; } = grant;

    public decimal Balance { get; private set; }

    public void Open(decimal balance) => opening = Balance = balance;

    /// <summary>Books a change for the reason and the amount given; the reason decides the direction.</summary>
    public void Move(GrantMovementKind kind, decimal amount)
    {
        Balance += kind switch
        {
            GrantMovementKind.Granted => Add(ref granted, amount),
            GrantMovementKind.RaisedAtReset => Add(ref granted, amount),
            GrantMovementKind.PaidOverage => -Add(ref used, amount),
            GrantMovementKind.Expired => -Add(ref expired, amount),
            GrantMovementKind.Voided => -Add(ref voided, amount),
            GrantMovementKind.ForfeitedAtReset => -Add(ref forfeited, amount),
            GrantMovementKind.ForfeitedAtRecurrence => -Add(ref forfeited, amount),
        };
    }

    public GrantBurn Burn(decimal amount)
    {
        var burn = new GrantBurn(Grant.Id, Balance, amount);
        Balance -= Add(ref used, amount);
        return burn;
    }

    public GrantAccount Close() => new()
    {
        GrantId = Grant.Id,
        Opening = opening,
        Granted = granted,
        Used = used,
        Expired = expired,
        Voided = voided,
        Forfeited = forfeited,
        Closing = Balance,
    };

    private static decimal Add(ref decimal total, decimal amount)
    {
        total += amount;
        return amount;
    }
}
