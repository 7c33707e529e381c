namespace Metering.Host.EventsImport;

/// <summary>A file of rows, in whatever format.</summary>
internal interface IImportReader : IDisposable
{
    /// <summary>Null at the end of the file.</summary>
    Task<ImportRow?> ReadAsync(CancellationToken cancellationToken);
}
