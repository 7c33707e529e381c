using System.Data;
using Dapper;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace Metering.Platform.Database;

/// <summary>Instant as <c>timestamptz</c> and LocalDate as <c>date</c>; the feed has no Npgsql plug-in for NodaTime.</summary>
internal static class NodaTimeHandlers
{
    private static readonly Lock Gate = new();
    private static bool registered;

    /// <summary>Dapper keeps handlers per process; registering twice would be harmless but racy.</summary>
    public static void Register()
    {
        lock (Gate)
        {
            if (!registered)
            {
                SqlMapper.AddTypeHandler(new InstantHandler());
                SqlMapper.AddTypeHandler(new LocalDateHandler());
                registered = true;
            }
        }
    }

    private sealed class InstantHandler : SqlMapper.TypeHandler<Instant>, SqlMapper.ITypeHandler
    {
        /// <summary>Dapper hands a scalar null on: <c>select min(at)</c> over no rows.</summary>
        object? SqlMapper.ITypeHandler.Parse(Type destinationType, object value) => value is DBNull ? null : Parse(value);

        public override Instant Parse(object value) => Instant.FromDateTimeUtc((DateTime)value);

        public override void SetValue(IDbDataParameter parameter, Instant value)
        {
            ((NpgsqlParameter)parameter).NpgsqlDbType = NpgsqlDbType.TimestampTz;
            parameter.Value = value.ToDateTimeUtc();
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
