using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Metering.Subscriptions.Wire;

/// <summary><c>?keyVersion[KEY]=N</c> of a list: some versions of some keys, each repeated or with commas between them.</summary>
/// <param name="Keys">As long as <paramref name="Numbers"/>: one pair for each version.</param>
internal sealed record KeyVersions(string[] Keys, int[] Numbers)
{
    public const string Parameter = "keyVersion[key]";

    private const string Prefix = "keyVersion[";
    private const int Max = 1_000;

    /// <summary>Whether a version passes; everything does when nothing was asked for.</summary>
    public bool Admits(string key, int version) => Keys.Length == 0 || Keys.Zip(Numbers).Contains((key, version));

    /// <returns>Null when all could be read.</returns>
    public static FieldError? TryRead(IQueryCollection query, out KeyVersions asked)
    {
        asked = new KeyVersions([], []);
        var found = new List<(string Key, int Number)>();
        foreach (var (name, values) in query.Where(one => one.Key.StartsWith(Prefix, StringComparison.Ordinal) && one.Key.EndsWith(']')))
        {
            foreach (var text in values.OfType<string>().SelectMany(value => value.Split(',')))
            {
                if (!int.TryParse(text, out var number) || number < 1)
                {
                    return new FieldError($"?{name}", "invalid_value", "A version is a number from 1 on.");
                }

                found.Add((name[Prefix.Length..^1], number));
            }
        }

        if (found.Count > Max)
        {
            return new FieldError("?keyVersion", "too_many", $"At most {Max} versions can be asked for.");
        }

        asked = new KeyVersions([.. found.Select(one => one.Key)], [.. found.Select(one => one.Number)]);
        return null;
    }
}
