using System.Text.Json;
using System.Text.Json.Serialization;

namespace Metering.Host.EventsImport;

/// <summary>A mapping written down: <c>samples/gateways/nginx/access-log.json</c> is one.</summary>
public static class MappingFile
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true, ReadCommentHandling = JsonCommentHandling.Skip,
    };

    /// <exception cref="ImportException">It is not there, or no mapping.</exception>
    public static ImportMapping Load(string path)
    {
        Written written;
        try
        {
            written = JsonSerializer.Deserialize<Written>(File.ReadAllText(path), Options)
                ?? throw new ImportException($"The mapping {path} is empty.");
        }
        catch (IOException exception)
        {
            throw new ImportException($"The mapping can not be read: {exception.Message}");
        }
        catch (JsonException exception)
        {
            throw new ImportException($"The mapping {path} is wrong: {exception.Message}");
        }

        if (written.Subject is null == written.SubjectField is null)
        {
            throw new ImportException($"The mapping {path} names either subject or subjectField.");
        }

        return new ImportMapping(
            written.Type, written.Subject, written.SubjectField, written.TimeField, [.. written.Data ?? []], written.IdField, written.Source)
        {
            SkipWithoutSubject = written.SkipWithoutSubject,
        };
    }

    private sealed record Written(
        string Type, string Source, string TimeField, string? Subject = null, string? SubjectField = null, string? IdField = null,
        Dictionary<string, string>? Data = null, bool SkipWithoutSubject = false);
}
