namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <param name="Environment">Beside what every gateway is given.</param>
internal sealed record GatewayCommand(string FileName, IReadOnlyList<string> Arguments, params (string Name, string Value)[] Environment);
