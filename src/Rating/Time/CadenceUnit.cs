namespace Metering.Rating;

/// <summary>What a <see cref="Cadence"/> counts. Minutes and hours are elapsed time; the others are counted on the local calendar.</summary>
public enum CadenceUnit
{
    /// <summary>60 elapsed seconds.</summary>
    Minute,

    /// <summary>60 elapsed minutes.</summary>
    Hour,

    /// <summary>A local day, which has 23 or 25 hours when the clocks change.</summary>
    Day,

    /// <summary>Seven local days.</summary>
    Week,

    /// <summary>A calendar month.</summary>
    Month,

    /// <summary>A calendar year.</summary>
    Year,
}
