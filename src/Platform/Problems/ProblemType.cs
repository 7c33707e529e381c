using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;

namespace Metering.Platform.Problems;

/// <summary>
/// The kinds of problem the API answers with. Closed: the list is published in <c>schemas/problems.v1.json</c>, and a slug
/// once published is never renamed. Clients decide by <see cref="Uri"/>, people read <see cref="Title"/>.
/// </summary>
public sealed record ProblemType
{
    private const string Own = "urn:metering:problem:";
    private const string Registered = "https://iana.org/assignments/http-problem-types#";

    private ProblemType(string slug, int status, string title, string registry = Own)
    {
        Slug = slug;
        Status = status;
        Title = title;
        Uri = registry + slug;
    }

    public string Slug { get; }

    public int Status { get; }

    public string Title { get; }

    /// <summary>Ours, unless the IANA registry of HTTP problem types has one that says the same.</summary>
    public string Uri { get; }

    public static readonly ProblemType InvalidRequest =
        new("invalid-request", StatusCodes.Status400BadRequest, "The request is not valid");

    /// <summary>Where OpenMeter's contract answers an action that the state does not allow with 400.</summary>
    public static readonly ProblemType ActionNotAvailable =
        new("action-not-available", StatusCodes.Status400BadRequest, "The action is not available in this state");

    public static readonly ProblemType Unauthenticated =
        new("unauthenticated", StatusCodes.Status401Unauthorized, "A valid API key is required");

    public static readonly ProblemType PaymentRequired =
        new("payment-required", StatusCodes.Status402PaymentRequired, "Prepaid credit is used up");

    public static readonly ProblemType Forbidden =
        new("forbidden", StatusCodes.Status403Forbidden, "The API key does not allow this");

    public static readonly ProblemType NotFound =
        new("not-found", StatusCodes.Status404NotFound, "There is no such resource");

    public static readonly ProblemType MethodNotAllowed =
        new("method-not-allowed", StatusCodes.Status405MethodNotAllowed, "The resource does not support this method");

    public static readonly ProblemType Conflict =
        new("conflict", StatusCodes.Status409Conflict, "The resource is not in a state that allows this");

    public static readonly ProblemType AlreadyExists =
        new("already-exists", StatusCodes.Status409Conflict, "The key is taken");

    public static readonly ProblemType SandboxRequired =
        new("sandbox-required", StatusCodes.Status409Conflict, "Only a sandbox can do this");

    public static readonly ProblemType PreconditionFailed =
        new("precondition-failed", StatusCodes.Status412PreconditionFailed, "The resource has changed meanwhile");

    public static readonly ProblemType TooLarge =
        new("too-large", StatusCodes.Status413PayloadTooLarge, "The request is too large");

    public static readonly ProblemType UnsupportedMediaType =
        new("unsupported-media-type", StatusCodes.Status415UnsupportedMediaType, "The content type is not supported");

    public static readonly ProblemType IdempotencyMismatch =
        new("idempotency-mismatch", StatusCodes.Status422UnprocessableEntity, "The idempotency key was used for another request");

    public static readonly ProblemType TooManyRequests =
        new("too-many-requests", StatusCodes.Status429TooManyRequests, "Too many requests");

    public static readonly ProblemType QuotaExceeded =
        new("quota-exceeded", StatusCodes.Status429TooManyRequests, "A limit is reached", Registered);

    public static readonly ProblemType InternalError =
        new("internal-error", StatusCodes.Status500InternalServerError, "The server failed");

    public static readonly ProblemType NotAvailable =
        new("not-available", StatusCodes.Status503ServiceUnavailable, "The server can not answer now");

    public static readonly ImmutableArray<ProblemType> All =
    [
        InvalidRequest, ActionNotAvailable, Unauthenticated, PaymentRequired, Forbidden, NotFound, MethodNotAllowed, Conflict, AlreadyExists,
        SandboxRequired, PreconditionFailed, TooLarge, UnsupportedMediaType, IdempotencyMismatch, TooManyRequests, QuotaExceeded, InternalError,
        NotAvailable,
    ];

    internal static ProblemType ForStatus(int status) => All.FirstOrDefault(type => type.Status == status) ?? InternalError;
}
