using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Metering.Invoicing.Taxes;
using Metering.Subscriptions.Wire;

namespace Metering.Invoicing.Profiles;

/// <summary>What creates or replaces a billing profile.</summary>
/// <param name="Apps">On create only, as OpenMeter has it: the built-in app, three times.</param>
/// <param name="NumberSeries">Additive; taken from the supplier's other profiles, or a new one, when absent.</param>
internal sealed partial record ProfileBody(
    string Name,
    PartyBody Supplier,
    bool Default,
    BillingWorkflow Workflow,
    string? Description = null,
    ImmutableSortedDictionary<string, string>? Metadata = null,
    ProfileAppsBody? Apps = null,
    string? NumberSeries = null)
{
    public FieldErrors Check(TaxCodes codes)
    {
        var errors = new FieldErrors();
        Texts.Name(Name, "/name", errors);
        Texts.Description(Description, "/description", errors);
        Subscriptions.Wire.Metadata.Check(Metadata, "/metadata", errors);
        Supplier.Check("/supplier", nameRequired: true, errors);
        WorkflowChecks.Check(Workflow, "/workflow", codes, errors);
        (string Field, string? Id)[] apps = [("tax", Apps?.Tax), ("invoicing", Apps?.Invoicing), ("payment", Apps?.Payment)];
        foreach (var (field, id) in apps)
        {
            errors.AddIf(
                id is not null && !string.Equals(id, SandboxApp.Id, StringComparison.OrdinalIgnoreCase), $"/apps/{field}", "unknown_app",
                $"There is one app, built in: {SandboxApp.Id}.");
        }

        errors.AddIf(
            NumberSeries is not null && !SeriesPattern().IsMatch(NumberSeries), "/numberSeries", "invalid_series",
            "A series has 1 to 16 capital letters and digits, joined by single hyphens.");
        return errors;
    }

    [GeneratedRegex(@"\A(?=.{1,16}\z)[A-Z0-9]+(?:-[A-Z0-9]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex SeriesPattern();
}

internal sealed record ProfileAppsBody(string Tax, string Invoicing, string Payment);
