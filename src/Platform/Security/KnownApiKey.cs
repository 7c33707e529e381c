namespace Metering.Platform.Security;

/// <summary>The holder of a valid key.</summary>
public sealed record KnownApiKey(Guid Id, string Name, Role Role, IngestQuota? IngestQuota);
