using System.Collections.Immutable;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Metering.Subscriptions.Wire;

/// <summary>Collects everything that is wrong with a request, so that its author can mend it in one go.</summary>
public sealed class FieldErrors
{
    private readonly ImmutableArray<FieldError>.Builder errors = ImmutableArray.CreateBuilder<FieldError>();

    public bool Any => errors.Count > 0;

    public ImmutableArray<FieldError> All => errors.ToImmutable();

    public void Add(string pointer, string code, string message) => errors.Add(new FieldError(pointer, code, message));

    public void AddIf(bool wrong, string pointer, string code, string message)
    {
        if (wrong)
        {
            Add(pointer, code, message);
        }
    }

    public void AddRange(IEnumerable<FieldError> more) => errors.AddRange(more);

    public IResult ToResult() => Problem.Invalid(All);
}
