namespace Metering.EnforcementSidecar.Shares;

/// <summary>One call to Host, as it was put together.</summary>
/// <param name="AnsweredRecall">The recall that it answers, if any.</param>
internal sealed record ShareExchange(IReadOnlyList<ShareQuestion> Questions, long? AnsweredRecall = null);
