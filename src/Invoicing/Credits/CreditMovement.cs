using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>One movement of one grant. Never changed; what was wrong is followed by another.</summary>
/// <param name="Amount">Above zero when it adds to the balance.</param>
/// <param name="Before">The balance of the wallet: all grants of the customer in the currency.</param>
internal sealed record CreditMovement(
    Guid GrantId, CreditMovementType Type, Money Amount, Money Before, Instant BookedAt, Guid? InvoiceId = null, Guid? LineId = null)
{
    public Money After => Before + Amount;
}
