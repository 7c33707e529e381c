namespace Metering.Host.EventsImport;

/// <summary>An import can not go on. The message is a sentence for the person who started it.</summary>
public sealed class ImportException(string message) : Exception(message);
