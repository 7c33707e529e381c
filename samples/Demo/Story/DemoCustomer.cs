namespace Metering.Demo.Story;

/// <summary>One of the three who sign up, with the story's own count of what they were answered.</summary>
/// <param name="Subject">What the customer's usage events carry.</param>
/// <param name="ApiKey">The customer's own key for the gateway.</param>
public sealed record DemoCustomer(string Id, string Key, string Name, string PlanKey, string Subject, string ApiKey)
{
    public Tally Tally { get; } = new();
}
