using Spectre.Console;

namespace Metering.Demo.Story;

/// <summary>How far a chapter of the story is: a bar on a terminal, one plain line at its end anywhere else.</summary>
public static class Progress
{
    public static async Task RunAsync(string title, int steps, Func<Action, Task> chapter)
    {
        if (Console.IsOutputRedirected)
        {
            await chapter(() => { });
            Console.WriteLine($"{title}: done");
            return;
        }

        await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask(Markup.Escape(title), maxValue: steps);
                await chapter(() => bar.Increment(1));
                bar.Value = steps;
            });
    }
}
