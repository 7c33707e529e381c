namespace Metering.EnforcementSidecar.Tests.Gateways;

internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body);
