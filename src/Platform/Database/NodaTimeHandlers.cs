using System.Data;
using Dapper;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace Metering.Platform.Database;

/// <summary>Instant as <c>timestamptz</c> and LocalDate as <c>date</c>; the feed has no Npgsql plug-in for NodaTime.</summary>
internal static class NodaTimeHandlers
{
    /// <summary>Once per process: Dapper keeps handlers for all.</summary>
    public static void Register()
    {
        SqlMapper.AddTypeHandler(typeof(Instant), new InstantHandler());
        SqlMapper.AddTypeHandler(new LocalDateHandler());
    }

    /// <summary>
    /// Not Dapper's generic handler: that one cannot answer null where a single nullable instant is asked for, such as the
    /// minimum of no rows.
    /// </summary>
    private sealed class InstantHandler : SqlMapper.ITypeHandler
    {
        public object? Parse(Type destinationType, object value) => value is DBNull ? null : Instant.FromDateTimeUtc((DateTime)value);

        public void SetValue(IDbDataParameter parameter, object value)
        {
            ((NpgsqlParameter)parameter).NpgsqlDbType = NpgsqlDbType.TimestampTz;
            parameter.Value = value is Instant instant ? instant.ToDateTimeUtc() : DBNull.Value;
        }
    }

    private sealed class LocalDateHandler : SqlMapper.TypeHandler<LocalDate>
    {
        public override LocalDate Parse(object value) => value switch
        {
            DateOnly date => LocalDate.FromDateOnly(date),
            DateTime date => LocalDate.FromDateTime(date),
            _ => throw new InvalidCastException($"A {value.GetType()} is not a date."),
        };

        public override void SetValue(IDbDataParameter parameter, LocalDate value)
        {
            ((NpgsqlParameter)parameter).NpgsqlDbType = NpgsqlDbType.Date;
            parameter.Value = value.ToDateOnly();
        }
    }
}
