namespace Metering.Ingest.Usage;

/// <summary>The values of some dimensions, equal when each is equal. Null is a value of its own and comes first.</summary>
internal readonly struct DimensionValues(string?[] values) : IEquatable<DimensionValues>, IComparable<DimensionValues>
{
    private readonly string?[] values = values;

    public string? Of(int index) => values[index];

    public bool Equals(DimensionValues other) => values.AsSpan().SequenceEqual(other.values);

    public override bool Equals(object? obj) => obj is DimensionValues other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var value in values)
        {
            hash.Add(value, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }

    public int CompareTo(DimensionValues other)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (string.CompareOrdinal(values[i], other.values[i]) is not 0 and var order)
            {
                return order;
            }
        }

        return 0;
    }
}
