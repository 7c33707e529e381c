using System.Collections.Immutable;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Lifecycle;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Invoicing.Lines;

/// <summary>The lines of a draft after an edit.</summary>
internal static class LineEditing
{
    /// <summary>In the order of the request. Pure.</summary>
    public static ImmutableArray<InvoiceLine> Apply(Invoice invoice, ImmutableArray<WrittenLine> written, FieldErrors errors, Instant now)
    {
        var known = invoice.Lines.ToDictionary(line => line.Id);
        var lines = ImmutableArray.CreateBuilder<InvoiceLine>();
        foreach (var (i, line) in written.Index())
        {
            if (line.Body.Id is not { } text)
            {
                lines.Add(ManualLine.New(line, invoice.Currency, now));
            }
            else if (!PublicId.TryParse(text, out var id) || !known.Remove(id, out var before))
            {
                errors.Add($"/lines/{i}/id", "unknown_line", "The invoice has no such line, or it is named twice.");
            }
            else
            {
                lines.Add(Edited(before, line, now));
            }
        }

        return lines.ToImmutable();
    }

    /// <summary>What was neither new nor changed keeps the quantities that were taken.</summary>
    public static async Task<(Invoice Invoice, ImmutableArray<BlockReason> Blocks)> RateChangedAsync(
        DbSession session, InvoiceEngine engine, Invoice edited, Invoice before, Instant now, CancellationToken cancellationToken)
    {
        var known = before.Lines.ToDictionary(line => line.Id);
        var changed = edited.Lines
            .Where(line => !known.TryGetValue(line.Id, out var old) || old.TermsJson != line.TermsJson || old.Period != line.Period)
            .ToImmutableArray();
        if (changed.IsEmpty)
        {
            return (edited, []);
        }

        var (rated, blocks) = await engine.RateAsync(session, edited with { Lines = changed }, now, cancellationToken);
        var byId = rated.Lines.ToDictionary(line => line.Id);
        return (edited.WithLines([.. edited.Lines.Select(line => byId.GetValueOrDefault(line.Id, line))]), blocks);
    }

    private static InvoiceLine Edited(InvoiceLine before, WrittenLine written, Instant now)
    {
        var words = before with
        {
            Name = written.Name,
            Description = written.Body.Description,
            Metadata = written.Metadata,
            InvoiceAt = written.InvoiceAt,
            TaxConfig = written.TaxConfig,
            UpdatedAt = now,
        };
        return CostsTheSame(before, written) ? words : ManualLine.Rewritten(words, written, now);
    }

    private static bool CostsTheSame(InvoiceLine before, WrittenLine written) =>
        before.Period == written.Period && before.FeatureKey == written.FeatureKey && PriceOf(before) == written.TermsJson;

    /// <summary>
    /// As the API shows it, which for a long price list is the part that the line used; so a line that is sent back as it came is not another.
    /// </summary>
    private static string PriceOf(InvoiceLine line)
    {
        var shown = System.Text.Json.Nodes.JsonNode.Parse(line.PriceJson)!.AsObject();
        shown.Remove("supplementedBy");
        shown.Remove("commitment");
        var (price, terms, displayUnit) = PriceDocument.Read(shown.ToJsonString());
        return PriceTerms.DocumentOf(price, terms, displayUnit).ToJsonString();
    }
}
