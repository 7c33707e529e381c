using System.Globalization;

namespace Metering.EnforcementSidecar.Credits;

/// <summary>Billionths as people and programs read money: <c>0.000005</c>.</summary>
internal static class MoneyText
{
    private const decimal PerMajorUnit = 1_000_000_000m;
    private const string Format = "0.#########";

    public static string Of(long billionths) => (billionths / PerMajorUnit).ToString(Format, CultureInfo.InvariantCulture);
}
