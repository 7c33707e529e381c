namespace Metering.Host.EventsImport;

/// <summary>How the rows of a file are written.</summary>
public enum ImportFormat
{
    Csv,

    /// <summary>A JSON object on each line.</summary>
    Ndjson,
}
