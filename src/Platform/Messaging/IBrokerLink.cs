namespace Metering.Platform.Messaging;

/// <summary>A lasting connection to the broker, for as long as one is configured. The process is ready when all of them are up.</summary>
public interface IBrokerLink
{
    bool IsConnected { get; }
}
