namespace Metering.Invoicing.Documents;

/// <summary>What became of a PDF. Closed.</summary>
public abstract record PdfOutcome
{
    private PdfOutcome()
    {
    }

    public sealed record Rendered(byte[] Bytes) : PdfOutcome;

    /// <summary>The program that makes PDFs is not on this machine.</summary>
    public sealed record NotInstalled(string WhatToDo) : PdfOutcome;

    /// <summary>As many are being made as the machine is allowed to.</summary>
    public sealed record Busy : PdfOutcome;

    /// <summary>Logged with its reason.</summary>
    public sealed record Failed : PdfOutcome;
}
