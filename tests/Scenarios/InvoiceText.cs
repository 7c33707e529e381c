using System.Text;
using System.Text.Json.Nodes;

namespace Metering.Scenarios;

/// <summary>Invoices of the API as text that finance could read aloud, for goldens.</summary>
internal static class InvoiceText
{
    public static string Of(IEnumerable<JsonNode> invoices)
    {
        var text = new StringBuilder();
        foreach (var invoice in invoices)
        {
            var plan = $"plan {invoice["plan"]!["key"]} v{invoice["plan"]!["version"]}";
            text.AppendLine($"{invoice["number"]}  {invoice["customer"]!["name"]}  {plan}  issued {invoice["issuedAt"]}");
            foreach (var line in invoice["lines"]!.AsArray())
            {
                var usage = line!["meteredQuantity"] is { } metered ? $"  metered {metered}" : "";
                var period = $"{Day(line["period"]!["from"])}..{Day(line["period"]!["to"])}";
                text.AppendLine($"  {period}  {line["name"],-28}{line["totals"]!["total"],12}{usage}");
                foreach (var charge in line["children"]!.AsArray())
                {
                    var product = $"{charge!["quantity"],12} x {charge["perUnitAmount"],-10}";
                    text.AppendLine($"      {charge["name"],-46}{product}{charge["totals"]!["total"],12}");
                }
            }

            text.AppendLine($"  total {invoice["totals"]!["total"]} {invoice["currency"]}");
            text.AppendLine();
        }

        return text.ToString();
    }

    private static string Day(JsonNode? time) => time!.GetValue<string>()[..10];
}
