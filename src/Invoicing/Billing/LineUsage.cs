using Metering.Rating;

namespace Metering.Invoicing.Billing;

/// <summary>What was counted for one line, in the detail that its price asks for.</summary>
/// <param name="Counted">The meter's value for the time of the line; the sum of the groups or transactions where there are such.</param>
/// <param name="Transactions">For a price that looks at each transaction; none otherwise.</param>
/// <param name="Groups">For a dimensional price; none otherwise.</param>
public sealed record LineUsage(decimal Counted, TransactionUsage Transactions, GroupedUsage Groups)
{
    /// <summary>What earlier lines of the served period billed.</summary>
    public decimal Prior { get; init; }

    /// <summary>Taken back by events with a negative amount, where each event is a transaction: those have no fee that could be computed.</summary>
    public decimal TakenBack { get; init; }

    public static LineUsage Of(decimal counted, decimal prior = 0m) =>
        new(counted, TransactionUsage.None, GroupedUsage.None) { Prior = prior };
}
