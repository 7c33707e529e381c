using System.Net;

namespace Metering.EnforcementSidecar.Spooling;

/// <summary>The decisions of shipping, apart from the loop that carries them out.</summary>
internal static class ShippingRules
{
    /// <summary>A refusal that concerns the key, the route or the moment is no reason to give up on an event.</summary>
    public static ShipmentVerdict Judge(HttpStatusCode status) => (int)status switch
    {
        >= 200 and < 300 => ShipmentVerdict.Accepted,
        401 or 403 or 404 or 405 or 408 or 415 or 425 or 429 => ShipmentVerdict.TryAgain,
        >= 400 and < 500 => ShipmentVerdict.Refused,
        _ => ShipmentVerdict.TryAgain,
    };

    /// <summary>Two halves in order, so that the bad event is alone after log₂ n steps and the others have gone.</summary>
    public static (List<SpoolRecord> First, List<SpoolRecord> Second) Split(List<SpoolRecord> batch)
    {
        var middle = batch.Count / 2;
        return (batch[..middle], batch[middle..]);
    }
}
