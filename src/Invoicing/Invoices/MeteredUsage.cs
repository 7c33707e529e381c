namespace Metering.Invoicing.Invoices;

/// <param name="Metered">What the meter counted.</param>
/// <param name="Billed">What of it was priced, after a usage discount.</param>
/// <param name="Watermark">Reading usage as recorded by this watermark gives the same count for ever.</param>
public sealed record MeteredUsage(decimal Metered, decimal Billed, long Watermark);
