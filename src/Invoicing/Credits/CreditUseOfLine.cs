using Metering.Rating;

namespace Metering.Invoicing.Credits;

/// <summary>How much of a line a grant pays.</summary>
internal sealed record CreditUseOfLine(CreditGrant Grant, Guid LineId, Money Amount);
