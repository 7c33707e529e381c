using System.CommandLine;
using System.Globalization;
using Metering.Invoicing.Ledger;
using Metering.Platform;
using Metering.Platform.Database;

namespace Metering.Host;

/// <summary><c>ledger verify</c> and <c>ledger head</c>: read the books themselves, with or without a running server.</summary>
internal static class LedgerCommands
{
    private static readonly Option<string?> Exported = new("--head")
    {
        Description = "A head that was exported before, NUMBER:HASH. The chain must still lead through it.",
    };

    public static Command Create()
    {
        var verify = new Command("verify", "Walks the chain of the ledger, computing every hash again; ends with 1 at the first break.") { Exported };
        verify.SetAction((arguments, cancellationToken) => VerifyAsync(arguments, quiet: false, cancellationToken));
        var head = new Command("head", "Verifies the chain and prints its head, to be kept elsewhere.") { Exported };
        head.SetAction((arguments, cancellationToken) => VerifyAsync(arguments, quiet: true, cancellationToken));
        return new Command("ledger", "The books.") { verify, head };
    }

    private static async Task<int> VerifyAsync(ParseResult arguments, bool quiet, CancellationToken cancellationToken)
    {
        ChainHead? exported = null;
        if (arguments.GetValue(Exported) is { } text && (exported = ChainHead.TryParse(text)) is null)
        {
            await Console.Error.WriteLineAsync("--head is NUMBER:HASH, as `ledger head` prints it.");
            return 2;
        }

        var options = MeteringOptions.FromEnvironment(Environment.GetEnvironmentVariable);
        await using var source = PlatformModule.CreateDataSource(options);
        var verdict = await LedgerChain.VerifyAsync(new MeteringDatabase(source), exported, cancellationToken);
        if (verdict.Break is { } broken)
        {
            await Console.Error.WriteLineAsync($"The chain breaks. {broken}");
            return 1;
        }

        Console.WriteLine(quiet
            ? verdict.Head?.ToString() ?? "Nothing is sealed yet."
            : string.Create(
                CultureInfo.InvariantCulture,
                $"The chain holds: {verdict.Sealed} transactions in {verdict.Head?.Number ?? 0} blocks, {verdict.Unsealed} not sealed yet. "
                + $"Head {verdict.Head?.ToString() ?? "none"}"));
        return 0;
    }
}
