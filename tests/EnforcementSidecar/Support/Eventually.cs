using Xunit;

namespace Metering.EnforcementSidecar.Tests.Support;

/// <summary>Waits for something that another process or loop does; fails when it never happens.</summary>
internal static class Eventually
{
    private const int Tries = 2_400;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    public static Task TrueAsync(Func<bool> condition, string what = "the condition") => TrueAsync(() => Task.FromResult(condition()), what);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what = "the condition")
    {
        for (var i = 0; i < Tries; i++)
        {
            if (await condition())
            {
                return;
            }

            await Task.Delay(Pause);
        }

        Assert.Fail($"Waited for {what} in vain.");
    }
}
