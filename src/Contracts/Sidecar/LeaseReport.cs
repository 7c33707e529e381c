namespace Metering.Contracts.Sidecar;

/// <summary>How much of a lease has been spent so far.</summary>
/// <param name="LeaseId">26-character id chosen by the sidecar.</param>
/// <param name="Spent">Total spent since the lease was granted; never falls.</param>
/// <param name="Close">True to give back the rest; a closed lease can not be spent from again.</param>
public sealed record LeaseReport(string LeaseId, long Spent, bool Close);
