namespace Metering.Demo.Story;

/// <summary>Who is in the story.</summary>
public sealed record Cast(DemoCustomer Free, DemoCustomer Pro, DemoCustomer Enterprise)
{
    public IReadOnlyList<DemoCustomer> Everyone => [Free, Pro, Enterprise];
}
