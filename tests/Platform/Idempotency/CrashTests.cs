using System.Net;
using Metering.Platform.Tests.Support;
using Xunit;

namespace Metering.Platform.Tests.Idempotency;

/// <summary>A request that is sent again after the server failed somewhere on its way.</summary>
public sealed class CrashTests : IAsyncLifetime
{
    private SmallHost host = null!;

    public async ValueTask InitializeAsync() => host = await SmallHost.StartAsync();

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task After_a_crash_behind_the_commit_the_answer_that_was_committed_is_given()
    {
        using var first = await host.PostAsync("/crash-after-commit-with-answer", "k1");
        Assert.Equal(HttpStatusCode.InternalServerError, first.StatusCode);

        using var second = await host.PostAsync("/crash-after-commit-with-answer", "k1");
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.Equal("""{"id":1}""", await second.Content.ReadAsStringAsync());
        Assert.Equal(["true"], second.Headers.GetValues("Idempotency-Replayed"));
        Assert.Equal(1, await host.WorkDoneAsync());
    }

    [Fact]
    public async Task A_crash_between_commit_and_answer_never_does_the_work_twice()
    {
        using var first = await host.PostAsync("/crash-after-commit", "k1");
        Assert.Equal(HttpStatusCode.InternalServerError, first.StatusCode);

        using var second = await host.PostAsync("/crash-after-commit", "k1");
        Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
        Assert.Contains("answer_not_kept", await second.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(1, await host.WorkDoneAsync());
    }

    [Fact]
    public async Task An_answer_that_is_known_only_after_the_commit_is_given_again_too()
    {
        using var first = await host.PostAsync("/answer-after-commit", "k1");
        using var second = await host.PostAsync("/answer-after-commit", "k1");
        Assert.Equal(await first.Content.ReadAsStringAsync(), await second.Content.ReadAsStringAsync());
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.True(second.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(1, await host.WorkDoneAsync());
    }

    [Fact]
    public async Task Work_in_two_transactions_is_done_once_and_answered_by_the_last()
    {
        using var first = await host.PostAsync("/two-transactions", "k1");
        using var second = await host.PostAsync("/two-transactions", "k1");
        Assert.Equal("""{"id":2}""", await first.Content.ReadAsStringAsync());
        Assert.Equal("""{"id":2}""", await second.Content.ReadAsStringAsync());
        Assert.Equal(2, await host.WorkDoneAsync());
    }

    [Fact]
    public async Task While_the_first_is_under_way_the_second_is_asked_to_come_back()
    {
        var first = host.PostAsync("/slow", "k1");
        await host.Entered.Task;
        using (var second = await host.PostAsync("/slow", "k1"))
        {
            Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(1), second.Headers.RetryAfter!.Delta);
            Assert.Contains("under_way", await second.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        host.Release.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        using var third = await host.PostAsync("/slow", "k1");
        Assert.True(third.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(1, await host.WorkDoneAsync());
    }

    [Fact]
    public async Task Many_at_once_under_one_key_do_the_work_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => host.PostAsync("/answer-after-commit", "k1")));
        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Conflict));
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(1, await host.WorkDoneAsync());
    }

    [Fact]
    public async Task A_route_that_forgets_its_audit_entry_changes_nothing()
    {
        using var answer = await host.Client.PostAsync("/forgets-its-audit-entry", null);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal(0, await host.WorkDoneAsync());
    }
}
