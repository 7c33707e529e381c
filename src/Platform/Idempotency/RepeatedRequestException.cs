namespace Metering.Platform.Idempotency;

/// <summary>
/// A request turned out to be a repetition when its transaction began. It ends the handler, whichever it is, before it has done anything;
/// <see cref="IdempotencyMiddleware"/> gives the answer.
/// </summary>
/// <param name="underWay">The first one has not ended; otherwise its record is there.</param>
internal sealed class RepeatedRequestException(bool underWay) : Exception("The request repeats another one.")
{
    public bool UnderWay => underWay;
}
