using System.Globalization;
using System.Text;
using Metering.Subscriptions.Subscribing.Spec;
using NodaTime;

namespace Metering.Subscriptions.Tests.Subscribing.Spec;

/// <summary>A spec as a person would draw it: phases, and in them items with their number, price and time.</summary>
internal static class SpecPrinter
{
    public static string Print(SubscriptionSpec spec)
    {
        var text = new StringBuilder();
        foreach (var phase in spec.Phases)
        {
            text.AppendLine($"{phase.Key} {Day(phase.From)}..{Day(spec.EndOf(phase))}");
            foreach (var item in spec.ItemsOf(phase))
            {
                var entitled = item.EntitledBy is { } by ? $" entitled by #{Number(by)}" : "";
                text.AppendLine($"  {item.Key} #{Number(item.Id)} {item.Card.Price?.Amount} {Day(item.From)}..{Day(item.To)}{entitled}");
            }
        }

        return text.ToString().TrimEnd();
    }

    private static int Number(Guid id) => BitConverter.ToInt32(id.ToByteArray());

    private static string Day(Instant? instant) => instant?.InUtc().LocalDateTime.ToString("MM-dd", CultureInfo.InvariantCulture) ?? "";
}
