namespace Metering.Ingest.Recording;

/// <summary>
/// How often a batch holds an event that was recorded longer ago than the recent keys remember. Taking all for new and failing costs a whole
/// batch; looking every key up first costs a tenth of one. So batches are looked up first while more than one in sixteen would fail.
/// </summary>
internal sealed class DuplicateWatch
{
    private const double Weight = 1.0 / 16;
    private const double Worthwhile = 1.0 / 16;
    private double share;

    public bool LookFirst => Volatile.Read(ref share) >= Worthwhile;

    /// <summary>Two writers may lose a word of each other: it is an estimate.</summary>
    public void Saw(bool oldDuplicate) => Volatile.Write(ref share, share + (((oldDuplicate ? 1 : 0) - share) * Weight));
}
