using Metering.Rating;
using Metering.Subscriptions.Wire;

namespace Metering.Invoicing.Lines;

/// <summary>The currency of lines that people write.</summary>
internal static class InvoiceCurrency
{
    /// <returns>Null when the code is unknown.</returns>
    public static Currency? Check(string code, FieldErrors errors)
    {
        errors.AddIf(
            !Currency.TryParse(code, out var currency), "/currency", "unknown_currency",
            "A currency is a code of ISO 4217 in capitals, such as USD.");
        return currency;
    }
}
