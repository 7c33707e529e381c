using System.Text.Json;
using Metering.EnforcementSidecar.Http;

namespace Metering.EnforcementSidecar.InProcess;

/// <summary>An admitted request, in <c>HttpContext.Features</c> of the application that admitted it.</summary>
public sealed class MeteredRequest
{
    private readonly SettleEndpoint settling;

    internal MeteredRequest(SettleEndpoint settling, string customerId, string feature, long units, string reservation)
    {
        this.settling = settling;
        CustomerId = customerId;
        Feature = feature;
        Units = units;
        Reservation = reservation;
    }

    public string CustomerId { get; }

    /// <summary>Null when the key names none.</summary>
    public string? ApplicationId { get; internal init; }

    /// <summary>Null when the key names none.</summary>
    public string? AgentId { get; internal init; }

    public string Feature { get; }

    public long Units { get; }

    /// <summary>Names the request wherever its usage is settled.</summary>
    public string Reservation { get; }

    /// <summary>Tells what was really used, as <c>POST /v1/settle</c> does, and returns when that is on disk. Safe to repeat.</summary>
    /// <param name="body">
    /// The settlement without its reservation, such as <c>{"data": {"total_tokens": 12}}</c>; null when there is no more to say.
    /// </param>
    /// <returns>The status that <c>/v1/settle</c> would answer: 202 when it is kept.</returns>
    public async Task<int> SettleAsync(JsonElement? body, CancellationToken cancellationToken)
    {
        var request = new MemoryStream();
        await using (var json = new Utf8JsonWriter(request))
        {
            json.WriteStartObject();
            json.WriteString("reservation", Reservation);
            foreach (var field in body is { ValueKind: JsonValueKind.Object } given ? given.EnumerateObject().ToArray() : [])
            {
                field.WriteTo(json);
            }

            json.WriteEndObject();
        }

        request.Position = 0;
        var call = new DefaultHttpContext { RequestAborted = cancellationToken };
        call.Request.Method = HttpMethods.Post;
        call.Request.Body = request;
        await settling.HandleAsync(call);
        return call.Response.StatusCode;
    }
}
