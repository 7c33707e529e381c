namespace Metering.Ingest.Bench.EndToEnd;

/// <summary>What the benchmark starts of itself in processes of their own.</summary>
internal static class ChildPrograms
{
    public const string Assembly = "Metering.Ingest.Bench.dll";

    public static bool Knows(string[] arguments) => arguments is ["load" or "insert" or "typed", ..];

    public static async Task RunAsync(string[] arguments)
    {
        switch (arguments)
        {
            case ["insert", var port, var postgres]:
                await InsertServer.RunAsync(int.Parse(port), postgres);
                break;
            case ["typed", var port, var postgres, var rabbitMq]:
                await TypedServer.RunAsync(int.Parse(port), postgres, rabbitMq);
                break;
            default:
                Console.WriteLine((await new LoadGenerator(LoadTerms.Parse(arguments)).RunAsync()).ToText());
                break;
        }
    }
}
