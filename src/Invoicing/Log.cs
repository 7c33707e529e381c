using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Invoicing;

internal static partial class Log
{
    [LoggerMessage(4001, LogLevel.Information, "Invoice {InvoiceId} ({Number}) issued with {Lines} lines")]
    public static partial void InvoiceIssued(this ILogger logger, Guid invoiceId, string number, int lines);

    [LoggerMessage(4002, LogLevel.Error, "Subscription {SubscriptionId} could not be billed; it is tried again at {RetryAt}")]
    public static partial void BillingFailed(this ILogger logger, Exception exception, Guid subscriptionId, Instant retryAt);

    [LoggerMessage(4003, LogLevel.Error, "The billing run stopped; what is due stays due and the next run goes on with it")]
    public static partial void BillingRunStopped(this ILogger logger, Exception exception);

    [LoggerMessage(4004, LogLevel.Error, "WeasyPrint failed with exit code {ExitCode} for invoice {InvoiceId}: {Output}")]
    public static partial void PdfFailed(this ILogger logger, Guid invoiceId, int exitCode, string output);

    [LoggerMessage(4005, LogLevel.Warning, "WeasyPrint was stopped after {Limit} for invoice {InvoiceId}")]
    public static partial void PdfTimedOut(this ILogger logger, Guid invoiceId, TimeSpan limit);

    [LoggerMessage(
        4006, LogLevel.Warning, "Subscription {SubscriptionId} is not billed to {Boundary}: usage has no price, for {Reasons} reasons")]
    public static partial void PeriodBlocked(this ILogger logger, Guid subscriptionId, Instant boundary, int reasons);

    [LoggerMessage(4007, LogLevel.Information, "Subscription {SubscriptionId} is no longer blocked and was billed to {Boundary}")]
    public static partial void PeriodUnblocked(this ILogger logger, Guid subscriptionId, Instant boundary);

    [LoggerMessage(4008, LogLevel.Error, "Invoice {InvoiceId} could not move on; it is tried again at {RetryAt}")]
    public static partial void InvoiceStuck(this ILogger logger, Exception exception, Guid invoiceId, Instant retryAt);

    [LoggerMessage(4020, LogLevel.Error, "The upkeep of the ledger stopped; what is due stays due and the next run goes on with it")]
    public static partial void LedgerUpkeepStopped(this ILogger logger, Exception exception);

    [LoggerMessage(4021, LogLevel.Critical, "The ledger does not hold: {Invariant} is violated {Violations} times, first by {Subject}")]
    public static partial void LedgerInvariantViolated(this ILogger logger, string invariant, int violations, string subject);
}
