namespace Metering.Demo.Story;

/// <summary>Everything that the last screen tells.</summary>
public sealed class Findings(Cast cast, Checks checks)
{
    public Cast Cast => cast;

    public Checks Checks => checks;

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset EndedAt { get; set; }

    /// <summary>How often Pro was answered after Free's day was used up.</summary>
    public int ProAnsweredAfterFree { get; set; }

    /// <summary>Of the first morning, per customer key: how much of the quota is used up, and how many events the ledger holds.</summary>
    public Dictionary<string, (long Quota, long Ledger)> Summaries { get; } = new(StringComparer.Ordinal);

    /// <summary>Events posted for the rest of the month, per customer key, and the tokens in them.</summary>
    public Dictionary<string, (int Events, long Tokens)> Posted { get; } = new(StringComparer.Ordinal);

    /// <summary>Tokens of the month per customer key, as the ledger has them.</summary>
    public Dictionary<string, long> Tokens { get; } = new(StringComparer.Ordinal);

    public List<SavedInvoice> Invoices { get; } = [];

    public Uri? PortalLink { get; set; }
}
