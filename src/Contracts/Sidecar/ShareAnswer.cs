namespace Metering.Contracts.Sidecar;

/// <summary>What a sidecar has of a limit from now on.</summary>
/// <param name="Applied">False when the request was overtaken by a later one; nothing else counts then.</param>
/// <param name="Parts">All that it has.</param>
/// <param name="Added">Of those, what it did not keep.</param>
/// <param name="AddedFullInMicroseconds">Until a bucket of what was added is full.</param>
/// <param name="Target">What it should have. Where that is less, the rest is to be given back as soon as it is not in use.</param>
/// <param name="TtlMilliseconds">
/// How long the share may be used, counted by the sidecar's monotonic clock from the moment it sent the request.
/// </param>
/// <param name="Free">Parts that nobody has, after this answer; for telling what is left.</param>
public sealed record ShareAnswer(
    bool Applied, long Parts, long Added, long AddedFullInMicroseconds, long Target, int TtlMilliseconds, long Free = 0);
