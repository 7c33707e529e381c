using System.Collections.Immutable;

namespace Metering.Subscriptions.Customers;

/// <summary>Who bears what a customer uses.</summary>
public static class CustomerKind
{
    /// <summary>Pays invoices.</summary>
    public const string External = "external";

    /// <summary>A part of the seller's own company: is charged back.</summary>
    public const string Internal = "internal";

    public static readonly ImmutableArray<string> All = [External, Internal];
}
