using System.Globalization;
using System.Text;
using NodaTime;
using NodaTime.Text;

namespace Metering.Faults.Driver;

/// <summary>An event as the driver sends it, and all that it counts for.</summary>
/// <param name="Tokens">Null: the value is missing, so the event is kept and marked, and only the meter that counts requests counts it.</param>
internal sealed record SentEvent(string Id, string Subject, Instant Time, string Model, int? Tokens)
{
    public void AppendTo(StringBuilder body, string source)
    {
        var tokens = Tokens is { } value ? string.Create(CultureInfo.InvariantCulture, $",\"total_tokens\":{value}") : "";
        body.Append(CultureInfo.InvariantCulture, $$$"""
            {"specversion":"1.0","type":"ai.completion","source":"{{{source}}}","id":"{{{Id}}}","subject":"{{{Subject}}}",
            "time":"{{{InstantPattern.ExtendedIso.Format(Time)}}}","data":{"model":"{{{Model}}}"{{{tokens}}}}}
            """);
    }
}
