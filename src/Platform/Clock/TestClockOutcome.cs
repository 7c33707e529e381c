namespace Metering.Platform.Clock;

/// <summary>What became of a request to advance the test clock. In order of precedence.</summary>
public enum TestClockOutcome
{
    NotInSandbox,
    IntoThePast,
    Advanced,
}
