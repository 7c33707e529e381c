using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Metering.Platform.Http;

/// <summary>
/// The caller's <c>If-Match</c>: change only what I have seen. Absent, everything may be changed; <c>*</c> asks only that the resource
/// exists. As a parameter of a handler it reads itself.
/// </summary>
public readonly record struct IfMatch
{
    private const int MaxTags = 100;

    /// <summary>Null when the header is absent.</summary>
    private readonly IList<EntityTagHeaderValue>? tags;

    private IfMatch(IList<EntityTagHeaderValue> tags) => this.tags = tags;

    public static ValueTask<IfMatch> BindAsync(HttpContext context)
    {
        var header = context.Request.Headers.IfMatch;
        if (header.Count == 0)
        {
            return ValueTask.FromResult(default(IfMatch));
        }

        return EntityTagHeaderValue.TryParseStrictList([.. header.OfType<string>()], out var tags) && tags.Count <= MaxTags
            ? ValueTask.FromResult(new IfMatch(tags))
            : throw new RefusedBindingException(new FieldError(
                "header:If-Match", "invalid_value", $"If-Match is * or at most {MaxTags} quoted tags, as ETag answers them."));
    }

    /// <summary>
    /// Null when the change may go on. Called after the row is locked, in the transaction of the change: otherwise another change could
    /// come in between.
    /// </summary>
    public IResult? Refuse(EntityTag current)
    {
        if (tags is null)
        {
            return null;
        }

        var now = new EntityTagHeaderValue(current.Text);
        return tags.Any(tag => tag == EntityTagHeaderValue.Any || tag.Compare(now, useStrongComparison: true))
            ? null
            : Problem.Of(
                ProblemType.PreconditionFailed, "The resource is not what it was when you read it; read it again.",
                new FieldError("header:If-Match", "stale", $"The resource's tag is {current.Text} now."));
    }
}
