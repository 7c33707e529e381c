namespace Metering.Ingest.Events;

/// <summary>
/// Bounds the memory of all bodies that are being taken in. A request enters with the size it announces, before a byte of it is read, so that
/// a flood is turned away while it still costs nothing.
/// </summary>
internal sealed class BodyRoom
{
    public const long MaxBytes = 64 << 20;

    private long taken;

    /// <returns>False when there is no room; then nothing was taken.</returns>
    public bool TryEnter(int bytes)
    {
        if (Interlocked.Add(ref taken, bytes) <= MaxBytes)
        {
            return true;
        }

        Leave(bytes);
        return false;
    }

    public void Leave(int bytes) => Interlocked.Add(ref taken, -bytes);
}
