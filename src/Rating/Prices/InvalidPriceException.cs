using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>
/// A price or its terms were constructed without being checked first, and are not valid. A bug: use the type's <c>Check</c> on user input.
/// </summary>
public sealed class InvalidPriceException(ImmutableArray<PriceError> errors)
    : ArgumentException(string.Join(" ", errors.Select(error => $"{error.Pointer}: {error.Message}")))
{
    /// <summary>What is wrong, at least one entry.</summary>
    public ImmutableArray<PriceError> Errors { get; } = errors;

    internal static void ThrowIfAny(ImmutableArray<PriceError> errors)
    {
        if (!errors.IsEmpty)
        {
            throw new InvalidPriceException(errors);
        }
    }
}
