namespace Metering.EnforcementSidecar.Access;

/// <summary>What a <see cref="LookupTable{TKey,TEntry}"/> holds.</summary>
internal interface IKeyed<TKey>
    where TKey : struct
{
    /// <summary>The same for as long as the entry is in a table, and evenly spread.</summary>
    int KeyHash { get; }

    bool IsKeyed(in TKey key);
}
