namespace Metering.Subscriptions.Customers;

/// <summary>As OpenMeter shapes it; every part may be absent.</summary>
public sealed record PostalAddress(
    string? Country = null,
    string? PostalCode = null,
    string? State = null,
    string? City = null,
    string? Line1 = null,
    string? Line2 = null,
    string? PhoneNumber = null);
