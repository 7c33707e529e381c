using System.Collections.Immutable;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Taxes;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Invoicing.Lifecycle;

/// <summary>What stands in the way of issuing a draft, and what somebody should know before. Pure.</summary>
internal static class DraftChecks
{
    private const string Billing = "billing";
    private const string Tax = "tax";
    private const string UnpricedUsage = "unpriced_usage";

    public static ImmutableArray<ValidationIssue> Of(
        Invoice invoice, TaxQuestion question, TaxResult result, ImmutableArray<BlockReason> blocks, Instant now)
    {
        var issues = ImmutableArray.CreateBuilder<ValidationIssue>();
        issues.AddRange(blocks.Select(block => Unpriced(block, now)));
        if (blocks.IsEmpty)
        {
            issues.AddRange(invoice.Issues.Where(issue => issue.Code == UnpricedUsage));
        }

        if (invoice.Lines.IsEmpty)
        {
            issues.Add(Issue(ValidationIssue.Critical, "no_lines", Billing, "An invoice has at least one line.", "$.lines", now));
        }

        var enforced = invoice.Workflow.Tax is { Enabled: true, Enforced: true };
        foreach (var (i, line) in question.Lines.Index())
        {
            if (result.Untaxed.Contains(line.Id) && line.Config?.Reference is { } reference)
            {
                issues.Add(Issue(
                    ValidationIssue.Critical, "unknown_tax_code", Tax, $"There is no tax code {reference} any more.",
                    $"$.lines[{i}].rateCard.taxConfig", now));
            }
            else if (enforced && result.Untaxed.Contains(line.Id))
            {
                issues.Add(Issue(
                    ValidationIssue.Critical, "tax_required", Tax, "The workflow asks for tax, and nothing says which tax this line bears.",
                    $"$.lines[{i}].rateCard.taxConfig", now));
            }
        }

        return issues.ToImmutable();
    }

    public static ValidationIssue Unpriced(BlockReason block, Instant now)
    {
        var values = string.Join(", ", block.Dimensions.Select(pair => $"{pair.Key} {pair.Value}"));
        var what = values.Length == 0 ? block.Name : $"{block.Name} ({values})";
        return Issue(
            ValidationIssue.Critical, UnpricedUsage, Billing, $"{what}: {Rating.AmountText.Quantity(block.Quantity)} metered, and nothing prices it.",
            "$.lines", now);
    }

    private static ValidationIssue Issue(string severity, string code, string component, string message, string? field, Instant now) =>
        new(PublicId.New(now), severity, code, component, message, field, now);
}
