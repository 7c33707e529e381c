using System.Buffers;
using System.Text.Json;
using Metering.EnforcementSidecar.Credits;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Json;

namespace Metering.EnforcementSidecar.Http;

/// <summary>RFC 9457 <c>application/problem+json</c>.</summary>
internal static class ProblemAnswer
{
    private const string ContentType = "application/problem+json";

    public static Task WriteAsync(HttpContext context, Denial denial, string detail, string? pointer = null)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            WriteProblem(json, denial, detail);
            if (pointer is not null)
            {
                json.WriteStartArray("errors");
                json.WriteStartObject();
                json.WriteString("pointer", pointer);
                json.WriteString("code", "invalid");
                json.WriteString("message", detail);
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return SendAsync(context, denial.Status, body.WrittenMemory);
    }

    /// <summary>Says which level and limit denied, what is left and when it resets.</summary>
    public static Task WriteAsync(HttpContext context, Denial denial, in Decision decision, long? retryAfter)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            WriteMembers(json, denial, decision, retryAfter);
            json.WriteEndObject();
        }

        return SendAsync(context, denial.Status, body.WrittenMemory);
    }

    /// <summary>Within an object that somebody else begins and ends.</summary>
    public static void WriteMembers(Utf8JsonWriter json, Denial denial, in Decision decision, long? retryAfter)
    {
        WriteProblem(json, denial, Denial.DetailOf(decision));
        WriteLimit(json, decision);
        if (retryAfter is { } seconds)
        {
            json.WriteNumber("retryAfterSeconds", seconds);
        }
    }

    private static void WriteProblem(Utf8JsonWriter json, Denial denial, string detail)
    {
        json.WriteString("type", denial.Type);
        json.WriteString("title", denial.Title);
        json.WriteNumber("status", denial.Status);
        json.WriteString("detail", detail);
        json.WriteString("reason", denial.Reason);
        if (denial.Level is { } level)
        {
            json.WriteString("level", level);
        }
    }

    private static void WriteLimit(Utf8JsonWriter json, in Decision decision)
    {
        if (decision.Feature is not { } feature)
        {
            return;
        }

        json.WriteString("feature", feature.Key);
        if (DeniedLimit.Of(decision) is not { } limit)
        {
            return;
        }

        if (limit.Currency is { } currency)
        {
            json.WriteString("limit", MoneyText.Of(limit.Limit));
            json.WriteString("remaining", MoneyText.Of(limit.Remaining));
            json.WriteString("currency", currency);
        }
        else
        {
            json.WriteNumber("limit", limit.Limit);
            json.WriteNumber("remaining", limit.Remaining);
        }

        if (limit.ResetsAt is { } resetsAt)
        {
            json.WriteString("resetsAt", InstantConverter.Format(resetsAt));
        }

        json.WriteStartArray("violated-policies");
        json.WriteStringValue(limit.Policy.Trim('"'));
        json.WriteEndArray();
    }

    private static Task SendAsync(HttpContext context, int status, ReadOnlyMemory<byte> body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
