namespace Metering.Platform.Http;

/// <summary>Bounds on what one request may bring.</summary>
public static class RequestLimits
{
    /// <summary>Everything but event batches: a plan of 500 rate cards fits ten times.</summary>
    public const long MaxBodyBytes = 1 << 20;

    public const int MaxHeaderBytes = 32 << 10;

    public const int MaxPageSize = 1_000;

    public const int DefaultPageSize = 100;
}
