namespace Metering.Subscriptions.Customers;

/// <summary>By what a list of customers is ordered.</summary>
public enum CustomerOrder
{
    Id,
    Name,
    Key,
    PrimaryEmail,
    CreatedAt,
}
