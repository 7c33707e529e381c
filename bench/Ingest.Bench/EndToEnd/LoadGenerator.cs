using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Metering.Ingest.Bench.EndToEnd;

/// <summary>
/// Posts events over some connections, each its next request when the last is answered, or paced. Bodies are made beforehand; what differs
/// from one to the next is the ids, written over those of a template: the generator shares the processors with what it measures.
/// </summary>
internal sealed class LoadGenerator(LoadTerms terms)
{
    private const int Templates = 8;
    private const int IdLength = 36;
    private const int MillisecondDigits = 12;
    private const int TailStart = 24;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(20);

    private readonly long started = Stopwatch.GetTimestamp();
    private long requests;
    private long accepted;
    private long refused;
    private long tails = (long)Environment.ProcessId << 32;

    public async Task<LoadResult> RunAsync()
    {
        var latencies = await Task.WhenAll(Enumerable.Range(0, terms.Connections).Select(number => Task.Run(() => ConnectionAsync(number))));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var sorted = latencies.SelectMany(item => item).Order().ToArray();
        var processor = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
        return new LoadResult(accepted, refused, seconds, At(sorted, 0.5), At(sorted, 0.99), processor);
    }

    private async Task<List<float>> ConnectionAsync(int number)
    {
        var latencies = new List<float>();
        var generator = new EventGenerator((ulong)number + 1, EventIds.TimeOrdered)
        {
            Now = NodaTime.SystemClock.Instance.GetCurrentInstant(),
        };
        var templates = Enumerable.Range(0, Templates).Select(_ => Template(generator)).ToArray();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, terms.Port));
        var answer = new byte[4096];
        for (var turn = 0; Stopwatch.GetElapsedTime(started).TotalSeconds < terms.Seconds; turn++)
        {
            await PaceAsync();
            var (request, ids) = templates[turn % Templates];
            WriteIds(request, ids);
            var sent = Stopwatch.GetTimestamp();
            while (!await SendAsync(socket, request, answer))
            {
                Interlocked.Increment(ref refused);
                await Task.Delay(RetryDelay);
            }

            latencies.Add((float)Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            Interlocked.Add(ref accepted, terms.EventsPerRequest);
        }

        return latencies;
    }

    private async Task PaceAsync()
    {
        if (terms.EventsPerSecond is not { } rate)
        {
            return;
        }

        var due = (Interlocked.Increment(ref requests) - 1) * terms.EventsPerRequest / rate;
        var wait = due - Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (wait > 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(wait));
        }
    }

    private (byte[] Request, int[] Ids) Template(EventGenerator generator)
    {
        var isBatch = terms.EventsPerRequest > 1;
        var body = isBatch ? generator.NextBody(terms.EventsPerRequest) : Encoding.UTF8.GetBytes(generator.Next());
        var contentType = isBatch ? "application/cloudevents-batch+json" : "application/cloudevents+json";
        var head = $"POST {terms.Path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {terms.Key}\r\nContent-Type: {contentType}\r\n"
            + string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n");
        byte[] request = [.. Encoding.ASCII.GetBytes(head), .. body];
        var ids = new List<int>();
        var name = "\"id\":\""u8.ToArray();
        for (var at = head.Length; request.AsSpan(at).IndexOf(name) is >= 0 and var ahead; at += ahead + name.Length)
        {
            ids.Add(at + ahead + name.Length);
        }

        return (request, [.. ids]);
    }

    /// <summary>UUIDv7: the time in front, a number that never comes again behind.</summary>
    private void WriteIds(byte[] request, int[] ids)
    {
        var milliseconds = NodaTime.SystemClock.Instance.GetCurrentInstant().ToUnixTimeMilliseconds();
        var tail = Interlocked.Add(ref tails, ids.Length) - ids.Length;
        foreach (var at in ids)
        {
            var id = request.AsSpan(at, IdLength);
            WriteHex(id[..8], milliseconds >> 16);
            WriteHex(id[9..13], milliseconds);
            WriteHex(id[TailStart..], tail++);
        }
    }

    private static void WriteHex(Span<byte> text, long number)
    {
        for (var digit = text.Length - 1; digit >= 0; digit--, number >>= 4)
        {
            text[digit] = "0123456789abcdef"u8[(int)(number & 15)];
        }
    }

    /// <returns>False when the server asks to come again.</returns>
    private static async Task<bool> SendAsync(Socket socket, byte[] request, byte[] answer)
    {
        for (var sent = 0; sent < request.Length;)
        {
            sent += await socket.SendAsync(request.AsMemory(sent));
        }

        var length = 0;
        while (true)
        {
            var read = await socket.ReceiveAsync(answer.AsMemory(length));
            length += read > 0 ? read : throw new IOException("The server has closed the connection.");
            if (EndOf(answer.AsSpan(0, length)) is { } end && end <= length)
            {
                var status = int.Parse(answer.AsSpan(9, 3), CultureInfo.InvariantCulture);
                return status is >= 200 and < 300 ? true
                    : status is 429 or 503 ? false
                    : throw new InvalidOperationException(Encoding.UTF8.GetString(answer, 0, length));
            }
        }
    }

    /// <summary>Null while the head is not complete.</summary>
    private static int? EndOf(ReadOnlySpan<byte> answer)
    {
        var head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return null;
        }

        var at = answer[..head].IndexOf("Content-Length: "u8);
        if (at >= 0)
        {
            var text = answer[(at + "Content-Length: ".Length)..head];
            var end = text.IndexOf((byte)'\r');
            return head + 4 + int.Parse(end < 0 ? text : text[..end], CultureInfo.InvariantCulture);
        }

        // Chunked ends with an empty chunk; 204 has no body.
        return answer[..head].IndexOf("chunked"u8) < 0 ? head + 4 : answer.EndsWith("0\r\n\r\n"u8) ? answer.Length : int.MaxValue;
    }

    private static double At(float[] sorted, double share) => sorted.Length == 0 ? 0 : sorted[(int)(share * (sorted.Length - 1))];
}

/// <param name="EventsPerSecond">Null: as many as are answered.</param>
internal sealed record LoadTerms(int Port, string Path, string Key, double Seconds, int Connections, int EventsPerRequest, double? EventsPerSecond)
{
    public string[] ToArguments() =>
    [
        "load", $"{Port}", Path, Key, Seconds.ToString(CultureInfo.InvariantCulture), $"{Connections}", $"{EventsPerRequest}",
        EventsPerSecond?.ToString(CultureInfo.InvariantCulture) ?? "-",
    ];

    public static LoadTerms Parse(string[] arguments) => new(
        int.Parse(arguments[1]), arguments[2], arguments[3], double.Parse(arguments[4], CultureInfo.InvariantCulture), int.Parse(arguments[5]),
        int.Parse(arguments[6]), arguments[7] == "-" ? null : double.Parse(arguments[7], CultureInfo.InvariantCulture));
}
