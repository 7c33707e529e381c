using Metering.Invoicing.Taxes;
using Metering.Subscriptions.Wire;

namespace Metering.Invoicing.Profiles;

/// <summary>What can be wrong with a workflow.</summary>
internal static class WorkflowChecks
{
    public static void Check(BillingWorkflow workflow, string pointer, TaxCodes codes, FieldErrors errors)
    {
        var alignment = workflow.Collection.Alignment;
        errors.AddIf(
            alignment.Type is not ("subscription" or "anchored"), $"{pointer}/collection/alignment/type", "unknown_alignment",
            "An alignment is subscription or anchored.");
        errors.AddIf(
            alignment.Type == "anchored" && alignment.RecurringPeriod is null, $"{pointer}/collection/alignment/recurringPeriod", "required",
            "An anchored alignment says on which days.");
        errors.AddIf(
            alignment.Type == "subscription" && alignment.RecurringPeriod is not null, $"{pointer}/collection/alignment/recurringPeriod",
            "not_allowed", "What is collected as it falls due has no days of its own.");
        errors.AddIf(
            alignment.RecurringPeriod is { } days && RecurringDays.CadenceOf(days.Interval) is null,
            $"{pointer}/collection/alignment/recurringPeriod/interval", "invalid_duration",
            "An interval is DAY, WEEK, MONTH, YEAR, or a duration of ISO 8601 in one unit, such as P2W.");
        CheckPeriod(workflow.Collection.Interval, $"{pointer}/collection/interval", errors);
        CheckInvoicing(workflow.Invoicing, $"{pointer}/invoicing", codes, errors);
        CheckPayment(workflow.Payment, $"{pointer}/payment", errors);
    }

    public static void CheckInvoicing(BillingWorkflow.InvoicingSettings invoicing, string pointer, TaxCodes codes, FieldErrors errors)
    {
        CheckPeriod(invoicing.DraftPeriod, $"{pointer}/draftPeriod", errors);
        CheckPeriod(invoicing.DueAfter, $"{pointer}/dueAfter", errors);
        errors.AddIf(
            invoicing.SubscriptionEndProrationMode is not (BillingWorkflow.BillActualPeriod or BillingWorkflow.BillFullPeriod),
            $"{pointer}/subscriptionEndProrationMode", "unknown_mode", "The mode is bill_actual_period or bill_full_period.");
        codes.Check(invoicing.DefaultTaxConfig, $"{pointer}/defaultTaxConfig", errors);
    }

    public static void CheckPayment(BillingWorkflow.PaymentSettings payment, string pointer, FieldErrors errors) => errors.AddIf(
        payment.CollectionMethod is not (BillingWorkflow.ChargeAutomatically or BillingWorkflow.SendInvoice),
        $"{pointer}/collectionMethod", "unknown_collection_method", "A collection method is charge_automatically or send_invoice.");

    private static void CheckPeriod(string text, string pointer, FieldErrors errors) =>
        errors.AddIf(!IsoPeriod.IsValid(text), pointer, "invalid_duration", IsoPeriod.Expected);
}
