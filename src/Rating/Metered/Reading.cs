namespace Metering.Rating;

/// <summary>Up to where an account looks: rating a line looks up to both of its ends and subtracts.</summary>
internal enum Reading
{
    /// <summary>What was used before the line begins.</summary>
    Beginning,

    /// <summary>What was used up to the end of the line.</summary>
    End,
}
