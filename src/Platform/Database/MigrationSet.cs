using System.Collections.Immutable;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Metering.Platform.Database;

/// <summary>
/// The migrations that a module owns: SQL files <c>NNNN_name.sql</c> embedded from its <c>Migrations</c> folder, each with a number of its own.
/// Work that lands later may have a lower number that was set aside for it, so there may be gaps, and they may be filled.
/// </summary>
public sealed record MigrationSet(string Module, ImmutableArray<Migration> Migrations)
{
    public static MigrationSet Of(string module, Assembly assembly)
    {
        const string marker = ".Migrations.";
        var migrations = assembly.GetManifestResourceNames()
            .Where(name => name.Contains(marker, StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name => Read(assembly, name, name[(name.IndexOf(marker, StringComparison.Ordinal) + marker.Length)..^4]))
            .OrderBy(migration => migration.Number)
            .ToImmutableArray();
        if (migrations.GroupBy(migration => migration.Number).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new InvalidOperationException($"Migrations of {module} have the number {twice.Key} more than once.");
        }

        return new MigrationSet(module, migrations);
    }

    private static Migration Read(Assembly assembly, string resource, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        var sql = reader.ReadToEnd().ReplaceLineEndings("\n");
        return new Migration(int.Parse(name.AsSpan(0, 4)), name, sql, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))));
    }
}
