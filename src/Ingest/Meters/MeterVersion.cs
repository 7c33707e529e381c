namespace Metering.Ingest.Meters;

/// <summary>Every change of a meter moves the version that writers compare with what they know.</summary>
internal static class MeterVersion
{
    public const string MoveSql = "update ingest.meter_version set version = version + 1";
}
