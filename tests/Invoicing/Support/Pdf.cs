using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace Metering.Invoicing.Tests.Support;

/// <summary>Reads PDFs as a person would: as text, line by line.</summary>
internal static partial class Pdf
{
    public static void RequireTools()
    {
        if (!OnPath("weasyprint") || !OnPath("pdftotext"))
        {
            Assert.Skip("WeasyPrint and pdftotext make and read the PDFs: apt-get install weasyprint poppler-utils fonts-dejavu-core.");
        }
    }

    public static async Task<string> TextAsync(byte[] pdf)
    {
        var start = new ProcessStartInfo("pdftotext")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, ArgumentList = { "-layout", "-enc", "UTF-8", "-", "-" },
        };
        using var process = Process.Start(start)!;
        var text = process.StandardOutput.ReadToEndAsync();
        await process.StandardInput.BaseStream.WriteAsync(pdf);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return await text;
    }

    /// <summary>Runs of blanks count as one, so that a table's columns read like a sentence.</summary>
    public static string Flat(string text) => Blanks().Replace(text, " ");

    private static bool OnPath(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
