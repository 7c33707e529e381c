namespace Metering.Platform.Database;

/// <summary>One forward-only step.</summary>
public sealed record Migration(int Number, string Name, string Sql, string Checksum);
