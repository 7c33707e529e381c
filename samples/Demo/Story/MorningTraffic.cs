namespace Metering.Demo.Story;

/// <summary>
/// Twenty-one minutes of one morning through the real gateway. Free sends what its plan allows per minute, once one more,
/// and keeps coming when its day is used up; Pro and Enterprise are not disturbed by any of that.
/// </summary>
public sealed class MorningTraffic(GatewayClient gateway, StoryClock clock, Cast cast)
{
    public const int FreePerMinute = 5;
    public const int FreePerDay = 100;

    /// <summary>Until Free's day is used up, and one more.</summary>
    public const int Minutes = (FreePerDay / FreePerMinute) + 1;

    private const int ProPerMinute = 4;
    private const int EnterprisePerMinute = 2;
    private const int MaxTokens = 400;
    private static readonly string Prompt = string.Join(' ', Enumerable.Repeat("Summarize the meeting in one sentence, please.", 8));

    /// <summary>How often Pro was answered after Free's day was used up.</summary>
    public int ProAnsweredAfterFree { get; private set; }

    public async Task RunAsync(Action minutePassed, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(cancellationToken);
        for (var minute = 0; minute < Minutes; minute++)
        {
            await AskAsync(cast.Free, minute switch { 0 => FreePerMinute + 1, Minutes - 1 => 2, _ => FreePerMinute }, cancellationToken);
            var before = cast.Pro.Tally.Answered;
            await AskAsync(cast.Pro, ProPerMinute, cancellationToken);
            await AskAsync(cast.Enterprise, EnterprisePerMinute, cancellationToken);
            ProAnsweredAfterFree += cast.Free.Tally.RefusedFor(GatewayAnswer.QuotaExhausted) > 0 ? cast.Pro.Tally.Answered - before : 0;
            now = now.AddMinutes(1);
            await clock.AdvanceToAsync(now, cancellationToken);
            minutePassed();
        }
    }

    public async Task AskAsync(DemoCustomer customer, int times, CancellationToken cancellationToken)
    {
        for (var i = 0; i < times; i++)
        {
            customer.Tally.Count(await gateway.AskAsync(customer.ApiKey, Prompt, MaxTokens, cancellationToken));
        }
    }
}
