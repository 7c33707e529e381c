using System.Collections.Immutable;

namespace Metering.Platform.Security;

/// <summary>What an API key may do. Every route requires exactly one.</summary>
public static class Scope
{
    public const string EventsWrite = "events:write";
    public const string UsageRead = "usage:read";
    public const string CatalogRead = "catalog:read";
    public const string CatalogWrite = "catalog:write";
    public const string CustomersRead = "customers:read";
    public const string CustomersWrite = "customers:write";
    public const string InvoicesRead = "invoices:read";
    public const string InvoicesWrite = "invoices:write";
    public const string Enforcement = "enforcement";
    public const string ClockRead = "clock:read";
    public const string ClockWrite = "clock:write";
    public const string NotificationsRead = "notifications:read";
    public const string NotificationsWrite = "notifications:write";
    public const string KeysWrite = "keys:write";
    public const string AuditRead = "audit:read";
    public const string LedgerRead = "ledger:read";

    public static readonly ImmutableArray<string> All =
    [
        EventsWrite, UsageRead, CatalogRead, CatalogWrite, CustomersRead, CustomersWrite, InvoicesRead, InvoicesWrite, Enforcement,
        ClockRead, ClockWrite, NotificationsRead, NotificationsWrite, KeysWrite, AuditRead, LedgerRead,
    ];
}
