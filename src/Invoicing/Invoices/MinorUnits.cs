using Metering.Rating;

namespace Metering.Invoicing.Invoices;

/// <summary>Money as the database keeps it: a whole number of minor units.</summary>
internal static class MinorUnits
{
    /// <exception cref="OverflowException">More than 64 bits hold: the period cannot be closed, and somebody has to look at it.</exception>
    public static long Of(Money money) => decimal.ToInt64(money.Amount / money.Currency.MinorUnit);

    public static Money ToMoney(long minorUnits, Currency currency) => new(minorUnits * currency.MinorUnit, currency);
}
