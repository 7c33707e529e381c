using Xunit;

namespace Metering.Conformance;

/// <summary>
/// The unmodified client library of OpenMeter uses every operation, and each use is as OpenMeter's contract says. An operation that is
/// not there yet is on its area's list of expected-missing ones, and leaves it with the change that brings it.
/// </summary>
public sealed class ConformanceTests
{
    [Theory]
    [OperationsOf("meters")]
    public Task Meters_conform(string operation) => AssertConformsAsync("meters", operation);

    [Theory]
    [OperationsOf("events")]
    public Task Events_conform(string operation) => AssertConformsAsync("events", operation);

    [Theory]
    [OperationsOf("customers")]
    public Task Customers_conform(string operation) => AssertConformsAsync("customers", operation);

    [Theory]
    [OperationsOf("features")]
    public Task Features_conform(string operation) => AssertConformsAsync("features", operation);

    [Theory]
    [OperationsOf("plans")]
    public Task Plans_conform(string operation) => AssertConformsAsync("plans", operation);

    [Theory]
    [OperationsOf("addons")]
    public Task Addons_conform(string operation) => AssertConformsAsync("addons", operation);

    [Theory]
    [OperationsOf("subscriptions")]
    public Task Subscriptions_conform(string operation) => AssertConformsAsync("subscriptions", operation);

    [Theory]
    [OperationsOf("entitlements")]
    public Task Entitlements_conform(string operation) => AssertConformsAsync("entitlements", operation);

    [Theory]
    [OperationsOf("portal")]
    public Task Portal_tokens_conform(string operation) => AssertConformsAsync("portal", operation);

    [Theory]
    [OperationsOf("notifications")]
    public Task Notifications_conform(string operation) => AssertConformsAsync("notifications", operation);

    [Theory]
    [OperationsOf("billing")]
    public Task Billing_profiles_conform(string operation) => AssertConformsAsync("billing", operation);

    [Theory]
    [OperationsOf("invoices")]
    public Task Invoices_conform(string operation) => AssertConformsAsync("invoices", operation);

    [Theory]
    [OperationsOf("subjects")]
    public Task Subjects_conform(string operation) => AssertConformsAsync("subjects", operation);

    [Theory]
    [OperationsOf("info")]
    public Task Lookups_conform(string operation) => AssertConformsAsync("info", operation);

    [Fact]
    public void Lists_of_expected_missing_operations_name_operations_of_their_area() =>
        Assert.Empty(
            from area in Operation.Areas
            from name in Operation.ExpectedMissing(area)
            where !Operation.All.Any(operation => operation.Area == area && operation.OperationId == name)
            select $"{Operation.ListOf(area)}: {name}");

    [Fact]
    public async Task Responses_are_held_against_the_contract()
    {
        Assert.SkipWhen(AreaRun.Contract is null, "../shared/reference/openmeter/openapi-v1.yaml is not there; only results are checked");
        Assert.True((await AreaRun.OfAsync("meters")).Validated);
    }

    private static async Task AssertConformsAsync(string area, string operation)
    {
        var run = await AreaRun.OfAsync(area);
        if (!Operation.ExpectedMissing(area).Contains(operation))
        {
            Assert.True(run.ViolationOf(operation) is null, run.ViolationsOf(operation));
        }
        else if (run.Validated)
        {
            // Without the contract nobody can tell whether it conforms.
            Assert.True(run.ViolationOf(operation) is not null, $"{operation} conforms: remove it from {Operation.ListOf(area)}");
        }
    }
}
