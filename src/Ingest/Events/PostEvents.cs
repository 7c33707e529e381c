using System.Collections.Immutable;
using System.Text.Json;
using Metering.Ingest.Quotas;
using Metering.Ingest.Recording;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>
/// <c>POST /api/v1/events</c>, and <c>/api/v3/openmeter/events</c> where Kong's plugins send theirs and expect 202: usage events in.
/// 204 means that they can not be lost. A request with a malformed event is refused whole, naming every bad field; what is well formed but
/// can not be counted is accepted and marked.
/// </summary>
internal static class PostEvents
{
    private const string RetryAfterSeconds = "1";

    public const string Example = """
        {"specversion":"1.0","type":"ai.completion","source":"gateway","id":"5c10fade-1c9e-4d6c-8275-c52c36731d3c",
         "subject":"acme-app","data":{"total_tokens":420,"model":"small"}}
        """;

    public static readonly ImmutableArray<string> ContentTypes =
        ["application/cloudevents+json", "application/cloudevents-batch+json", "application/json"];

    public static void MapPostEvents(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/events", PostAsync)
            .RequireScope(Scope.EventsWrite)
            .WithMetadata(new RequestSizeLimitAttribute(EventLimits.MaxBodyBytes))
            .WithName("ingestEvents").WithSummary("Report usage events").Produces(204).Produces<IngestReport>()
            .WithRequestBody(typeof(CloudEventBody), ContentTypes).WithExample(Example);
        routes.MapPost("/api/v3/openmeter/events", PostV3Async)
            .RequireScope(Scope.EventsWrite)
            .WithMetadata(new RequestSizeLimitAttribute(EventLimits.MaxBodyBytes))
            .WithName("ingestEventsV3").WithSummary("Report usage events, as Kong does").Produces(202).Produces<IngestReport>()
            .WithRequestBody(typeof(CloudEventBody), ContentTypes).WithExample(Example);
    }

    private static Task<IResult> PostAsync(HttpContext http, EventDoor door, CancellationToken cancellationToken) =>
        AcceptAsync(http, Results.NoContent(), door, cancellationToken);

    private static Task<IResult> PostV3Async(HttpContext http, EventDoor door, CancellationToken cancellationToken) =>
        AcceptAsync(http, Results.StatusCode(StatusCodes.Status202Accepted), door, cancellationToken);

    private static async Task<IResult> AcceptAsync(HttpContext http, IResult accepted, EventDoor door, CancellationToken cancellationToken)
    {
        if (EventRequest.ModeOf(http.Request) is not { } mode)
        {
            return UnsupportedMediaType();
        }

        // Who has used up a quota, and what there is no room for, is turned away before its body is read.
        var allowance = door.Quotas.Of(http);
        if (allowance is not null && door.Quotas.Look(allowance) is { Admits: false } nothing)
        {
            return IngestQuotas.Exceeded(http, allowance, nothing);
        }

        using var body = await PostedBody.ReadAsync(http.Request, door.Room, cancellationToken);
        if (body is null)
        {
            return TooMany(http);
        }

        var request = EventRequest.Of(http.Request, mode, body.Bytes);
        var receivedAt = door.Clock.GetCurrentInstant();
        var read = door.Acceptance.Read(request.Body, request.Form, receivedAt);
        if (!read.IsWellFormed)
        {
            return Problem.Invalid(ErrorsOf(read, request));
        }

        if (read.Count == 0)
        {
            return accepted;
        }

        if (await RefusedAsync(read, request, receivedAt, door.Validation, cancellationToken) is { Length: > 0 } refused)
        {
            return Problem.Invalid(refused);
        }

        return await HandOverAsync(http, accepted, read, request.Body, receivedAt, allowance, door);
    }

    /// <summary>Takes the events from the quota of the key and gives them to who records them; the caller says what safe is answered with.</summary>
    public static async Task<IResult> HandOverAsync(
        HttpContext http, IResult accepted, ReadEvents read, ReadOnlyMemory<byte> body, Instant receivedAt, EventAllowance? allowance,
        EventDoor door)
    {
        if (allowance is not null)
        {
            var left = door.Quotas.Take(allowance, read.Count);
            if (!left.Admits)
            {
                return IngestQuotas.Exceeded(http, allowance, left);
            }

            IngestQuotas.Describe(http, allowance, left);
        }

        var acceptance = await door.Acceptance.AcceptAsync(read, body, receivedAt);
        if (acceptance is Acceptance.Full or Acceptance.NotConfirmed)
        {
            allowance?.GiveBack(read.Count);
        }

        return acceptance switch
        {
            Acceptance.Full => TooMany(http),
            Acceptance.NotConfirmed => NotConfirmed(http),
            Acceptance.Recorded recorded when WantsRepresentation(http.Request) => Represent(http, read.Events, recorded.Results),
            _ => accepted,
        };
    }

    /// <summary>What a strict deployment refuses. With a broker the events have only been checked so far, and are made here.</summary>
    public static async Task<FieldError[]> RefusedAsync(
        ReadEvents read, EventRequest request, Instant receivedAt, EventValidation validation, CancellationToken cancellationToken)
    {
        if (!validation.IsStrict)
        {
            return [];
        }

        var events = read.Events.Count > 0 ? read.Events : CloudEventReader.Read(request.Body, request.Form, receivedAt).Events;
        var isSingle = request.Body.Span.TrimStart(" \t\r\n"u8)[0] == (byte)'{';
        var errors = await validation.CheckAsync(events, index => isSingle ? "" : $"/{index}", cancellationToken);
        return [.. errors.Select(request.Place)];
    }

    public static FieldError[] ErrorsOf(ReadEvents read, EventRequest request)
    {
        var errors = read.Malformed.SelectMany(item => item.Errors);
        return [.. (read.Refusal is { } refusal ? errors.Append(refusal) : errors).Select(request.Place)];
    }

    public static IResult UnsupportedMediaType() => Problem.Of(
        ProblemType.UnsupportedMediaType,
        "Send application/cloudevents+json, application/cloudevents-batch+json or application/json, or binary mode with JSON data.");

    public static IResult TooMany(HttpContext http)
    {
        http.Response.Headers.RetryAfter = RetryAfterSeconds;
        return Problem.Of(ProblemType.TooManyRequests, "More events are waiting to be recorded than fit; send these again in a moment.");
    }

    public static IResult NotConfirmed(HttpContext http)
    {
        http.Response.Headers.RetryAfter = RetryAfterSeconds;
        return Problem.Of(ProblemType.NotAvailable, "The broker did not confirm the events; send them again, and none is counted twice.");
    }

    private static bool WantsRepresentation(HttpRequest request) =>
        request.Headers["Prefer"].Any(value => value is not null && value.Contains("return=representation", StringComparison.OrdinalIgnoreCase));

    private static IResult Represent(HttpContext http, IReadOnlyList<UsageEvent> events, EventResult[] results)
    {
        http.Response.Headers["Preference-Applied"] = "return=representation";
        return Results.Ok(new IngestReport(
            results.Count(result => result.Outcome == EventOutcome.Accepted),
            results.Count(result => result.Outcome == EventOutcome.Duplicate),
            results.Count(result => result.Outcome == EventOutcome.Conflict),
            results.Count(result => result.Outcome == EventOutcome.Rejected),
            [.. results.Select((result, index) => IngestResult.Of(index, events[index], result))]));
    }
}

/// <summary>A usage event as it is sent; <c>schemas/event.v1.json</c> has its bounds. Only described here: events are read as text.</summary>
/// <param name="Id">The sender's own; the same source and id is the same event, for ever.</param>
/// <param name="Type">Which meters count it.</param>
/// <param name="Subject">Whose usage it is.</param>
/// <param name="Time">When it happened; the time of receipt when absent.</param>
/// <param name="Data">JSON; meters find their values in it.</param>
internal sealed record CloudEventBody(
    string Specversion, string Id, string Source, string Type, string Subject, Instant? Time = null, string? Datacontenttype = null,
    JsonElement? Data = null);

/// <summary>What became of a request's events.</summary>
internal sealed record IngestReport(int Accepted, int Duplicate, int Conflict, int Rejected, IReadOnlyList<IngestResult> Results);

/// <param name="Reason">Of a conflict or rejection; of an accepted event, why a meter could not read it.</param>
internal sealed record IngestResult(int Index, string Source, string Id, string Outcome, string? Reason)
{
    public static IngestResult Of(int index, UsageEvent usageEvent, EventResult result) =>
        new(index, usageEvent.Source, usageEvent.Id, EventOutcomeName.Of(result.Outcome), result.Reason);
}
