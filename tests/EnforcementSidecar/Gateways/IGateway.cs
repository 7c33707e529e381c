namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>One kind of gateway: how the sample that users are given is run.</summary>
internal interface IGateway
{
    /// <summary>As the table of cases and the folder of samples call it.</summary>
    string Name { get; }

    bool IsInstalled { get; }

    /// <summary>Writes what the gateway reads into the site's directory, and says how to run it there.</summary>
    GatewayCommand Prepare(GatewaySite site);
}
