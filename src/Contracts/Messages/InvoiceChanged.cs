namespace Metering.Contracts.Messages;

/// <summary>An invoice exists, or is not what it was.</summary>
/// <param name="InvoiceId">Which.</param>
/// <param name="CustomerId">Whose.</param>
/// <param name="IsNew">True the first time.</param>
/// <param name="Document">The invoice right after the change as the API shows it, without its lines: JSON.</param>
public sealed record InvoiceChanged(Guid InvoiceId, Guid CustomerId, bool IsNew, string Document);
