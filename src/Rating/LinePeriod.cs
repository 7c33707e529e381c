namespace Metering.Rating;

/// <summary>Which time a line is about.</summary>
/// <remarks>
/// <code>
/// full     [===============================)   the whole period of the cadence: the denominator of proration
/// served          [==================)         what of it the subscription covers: started late, cancelled early
/// billed          [=====)                      what of that this line bills: the first of several progressive lines
/// </code>
/// </remarks>
public sealed record LinePeriod
{
    /// <summary>A line about a part of a part of a full period.</summary>
    /// <exception cref="ArgumentException">The served period is not within the full one, or the billed one not within the served one.</exception>
    public LinePeriod(ServicePeriod full, ServicePeriod served, ServicePeriod billed)
    {
        if (!full.Contains(served))
        {
            throw new ArgumentException($"The served period {served} is not within the full period {full}.", nameof(served));
        }

        if (!served.Contains(billed))
        {
            throw new ArgumentException($"The billed period {billed} is not within the served period {served}.", nameof(billed));
        }

        Full = full;
        Served = served;
        Billed = billed;
    }

    /// <summary>The whole period of the cadence.</summary>
    public ServicePeriod Full { get; }

    /// <summary>What of it is served.</summary>
    public ServicePeriod Served { get; }

    /// <summary>What of the served period this line bills.</summary>
    public ServicePeriod Billed { get; }

    /// <summary>Whether this line opens the served period: fees in advance are due, and nothing was billed before.</summary>
    public bool OpensPeriod => Billed.Start == Served.Start;

    /// <summary>Whether this line closes the served period: fees in arrears, volume prices and minimums are due.</summary>
    public bool ClosesPeriod => Billed.End == Served.End;

    /// <summary>One line for a whole full period.</summary>
    public static LinePeriod Whole(ServicePeriod full) => new(full, full, full);

    /// <summary>One line for a full period of which only a part is served.</summary>
    public static LinePeriod Partly(ServicePeriod full, ServicePeriod served) => new(full, served, served);
}
