using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Metering.Testing;

/// <summary>
/// A table of bad requests, one a line: <c>METHOD path | body | status | problem type | pointer | code</c>; the last two may be absent.
/// </summary>
public static class BadInput
{
    private const int RequestColumns = 2;

    /// <summary>What did not answer as its row says; empty when all did.</summary>
    public static async Task<string> RunAsync(HttpClient client, string table)
    {
        var wrong = new StringBuilder();
        foreach (var line in table.ReplaceLineEndings("\n").Split('\n'))
        {
            var row = line.Split('|', StringSplitOptions.TrimEntries);
            var request = row[0].Split(' ', 2, StringSplitOptions.TrimEntries);
            using var message = new HttpRequestMessage(new HttpMethod(request[0]), request[1]);
            if (row[1].Length > 0)
            {
                message.Content = new StringContent(row[1], Encoding.UTF8, "application/json");
            }

            using var response = await client.SendAsync(message);
            var answer = await ToRowAsync(response);
            if (answer != string.Join(" | ", row[RequestColumns..]))
            {
                wrong.AppendLine(CultureInfo.InvariantCulture, $"{line.Trim()}\n  answered {answer}");
            }
        }

        return wrong.ToString();
    }

    private static async Task<string> ToRowAsync(HttpResponseMessage response)
    {
        var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (response.StatusCode < HttpStatusCode.BadRequest)
        {
            return status;
        }

        var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        var type = ((string)problem["type"]!).Split(':', '#')[^1];
        var error = problem["errors"]?[0];
        return string.Join(" | ", error is null ? [status, type] : [status, type, (string)error["pointer"]!, (string)error["code"]!]);
    }
}
