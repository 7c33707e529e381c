using System.Collections.Immutable;

namespace Metering.Platform.Security;

/// <summary>A named bundle of scopes, so that a key can be given to a person or a machine without a list of permissions.</summary>
public sealed record Role(string Name, ImmutableArray<string> Scopes)
{
    /// <summary>Everything.</summary>
    public static readonly Role Admin = new("admin", Scope.All);

    /// <summary>Defines meters, features, plans; signs customers up.</summary>
    public static readonly Role ProductManager = new("product-manager",
        [
            Scope.CatalogRead, Scope.CatalogWrite, Scope.CustomersRead, Scope.CustomersWrite, Scope.UsageRead, Scope.InvoicesRead,
            Scope.ClockRead, Scope.ClockWrite, Scope.NotificationsRead, Scope.NotificationsWrite,
        ]);

    /// <summary>Reads usage and customers, issues and exports invoices, reads the ledger.</summary>
    public static readonly Role Finance = new("finance",
        [Scope.CatalogRead, Scope.CustomersRead, Scope.UsageRead, Scope.InvoicesRead, Scope.InvoicesWrite, Scope.LedgerRead]);

    /// <summary>A gateway that reports usage events.</summary>
    public static readonly Role Gateway = new("gateway", [Scope.EventsWrite]);

    /// <summary>A sidecar: follows snapshots, leases units, ships the events it was given.</summary>
    public static readonly Role Sidecar = new("sidecar", [Scope.Enforcement, Scope.EventsWrite]);

    public static readonly ImmutableArray<Role> All = [Admin, ProductManager, Finance, Gateway, Sidecar];
}
