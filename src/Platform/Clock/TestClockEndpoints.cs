using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Requests;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Platform.Clock;

/// <summary><c>/api/v1/test-clock</c>: see six months of a plan in a minute. Refused outside sandbox mode.</summary>
public static class TestClockEndpoints
{
    public static void MapTestClock(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/test-clock", Get).RequireScope(Scope.ClockRead)
            .WithName("getTestClock").WithSummary("Read where the test clock stands").Produces<TestClockState>();
        routes.MapPost("/api/v1/test-clock/advance", AdvanceAsync).RequireScope(Scope.ClockWrite)
            .WithName("advanceTestClock").WithSummary("Move the test clock and let happen what falls due").Produces<TestClockState>()
            .WithExample("""{"to":"2026-02-01T00:00:00Z"}""");
    }

    private static IResult Get(ProductClock clock) =>
        clock.Stands ? Results.Ok(new TestClockState(clock.GetCurrentInstant())) : NotInSandbox();

    private static async Task<IResult> AdvanceAsync(
        AdvanceTestClock request, TestClock testClock, ProductClock clock, CancellationToken cancellationToken)
    {
        // What falls due on the way is not done by whoever moves the clock.
        RequestContext.Leave();
        return await testClock.AdvanceAsync(request.To, cancellationToken) switch
        {
            TestClockOutcome.NotInSandbox => NotInSandbox(),
            TestClockOutcome.IntoThePast => Problem.Invalid("/to", "time_in_the_past", $"The test clock stands at {clock.GetCurrentInstant()}."),
            TestClockOutcome.Advanced => Results.Ok(new TestClockState(clock.GetCurrentInstant())),
        };
    }

    private static IResult NotInSandbox() =>
        Problem.Of(ProblemType.SandboxRequired, "Start with --test-clock to run on a settable clock.");
}

/// <summary>Asks the clock to move to <paramref name="To"/>, which is not before now.</summary>
public sealed record AdvanceTestClock(Instant To);

/// <summary>Where the test clock stands.</summary>
public sealed record TestClockState(Instant Now);
