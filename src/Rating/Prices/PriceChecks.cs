using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>Collects what is wrong with figures. One instance checks one object.</summary>
internal sealed class PriceChecks
{
    private readonly ImmutableArray<PriceError>.Builder errors = ImmutableArray.CreateBuilder<PriceError>();

    public ImmutableArray<PriceError> Errors => errors.ToImmutable();

    public PriceChecks Amount(string pointer, decimal value)
    {
        AddIf(value < 0m, PriceErrorCode.Negative, pointer, "An amount cannot be below zero.");
        AddIf(value > RatingBounds.AmountMax, PriceErrorCode.TooLarge, pointer, $"An amount cannot be above {RatingBounds.AmountMax}.");
        return Decimals(pointer, value);
    }

    public PriceChecks Quantity(string pointer, decimal value)
    {
        AddIf(value < 0m, PriceErrorCode.Negative, pointer, "A quantity cannot be below zero.");
        return QuantityInBounds(pointer, value);
    }

    public PriceChecks PositiveQuantity(string pointer, decimal value)
    {
        AddIf(value <= 0m, PriceErrorCode.NotPositive, pointer, "This quantity must be above zero.");
        return QuantityInBounds(pointer, value);
    }

    public PriceChecks Percentage(string pointer, decimal value)
    {
        AddIf(value is < 0m or > 100m, PriceErrorCode.NotAPercentage, pointer, "A percentage is between 0 and 100.");
        return Decimals(pointer, value);
    }

    public PriceChecks Factor(string pointer, decimal value, decimal max)
    {
        AddIf(value < 0m, PriceErrorCode.Negative, pointer, "A factor cannot be below zero.");
        AddIf(value > max, PriceErrorCode.TooLarge, pointer, $"This factor cannot be above {max}.");
        return Decimals(pointer, value);
    }

    public void AddIf(bool wrong, PriceErrorCode code, string pointer, string message)
    {
        if (wrong)
        {
            errors.Add(new PriceError(code, pointer, message));
        }
    }

    private PriceChecks QuantityInBounds(string pointer, decimal value)
    {
        AddIf(value > RatingBounds.QuantityMax, PriceErrorCode.TooLarge, pointer, $"A quantity cannot be above {RatingBounds.QuantityMax}.");
        return Decimals(pointer, value);
    }

    private PriceChecks Decimals(string pointer, decimal value)
    {
        var storable = decimal.Round(value, RatingBounds.DecimalsMax, MidpointRounding.ToZero) == value;
        AddIf(!storable, PriceErrorCode.TooManyDecimals, pointer, $"A figure has at most {RatingBounds.DecimalsMax} decimals.");
        return this;
    }
}
