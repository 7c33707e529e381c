using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Metering.Sidecar.Bench.Servers;

/// <summary>Counters in Redis by one script, over one connection that all requests share: what is asked together travels together.</summary>
internal sealed class RedisCounter
{
    private const string Script = "local n = redis.call('INCR', KEYS[1]) if n > tonumber(ARGV[1]) then return -1 end return tonumber(ARGV[1]) - n";
    private readonly Channel<(byte[] Command, TaskCompletionSource<long> Answer)> asked =
        Channel.CreateUnbounded<(byte[], TaskCompletionSource<long>)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly Queue<TaskCompletionSource<long>> waiting = new();
    private readonly NetworkStream stream;
    private readonly PipeReader reader;
    private string script = "";

    private RedisCounter(NetworkStream stream)
    {
        this.stream = stream;
        reader = PipeReader.Create(stream);
    }

    public static async Task<RedisCounter> ConnectAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", port);
        var redis = new RedisCounter(new NetworkStream(socket, ownsSocket: true));
        await redis.stream.WriteAsync(Command("SCRIPT", "LOAD", Script));
        await redis.ReadLineAsync();
        redis.script = await redis.ReadLineAsync();
        _ = redis.WriteAsync();
        _ = redis.ReadAsync();
        return redis;
    }

    /// <returns>What is left of the limit; below 0 when it is used up.</returns>
    public Task<long> TakeAsync(string key, string limit)
    {
        var answer = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        asked.Writer.TryWrite((Command("EVALSHA", script, "1", key, limit), answer));
        return answer.Task;
    }

    private static byte[] Command(params string[] words) =>
        Encoding.ASCII.GetBytes($"*{words.Length}\r\n{string.Concat(words.Select(word => $"${word.Length}\r\n{word}\r\n"))}");

    private async Task WriteAsync()
    {
        var together = new MemoryStream();
        while (await asked.Reader.WaitToReadAsync())
        {
            together.SetLength(0);
            while (asked.Reader.TryRead(out var next))
            {
                lock (waiting)
                {
                    waiting.Enqueue(next.Answer);
                }

                together.Write(next.Command);
            }

            await stream.WriteAsync(together.GetBuffer().AsMemory(0, (int)together.Length));
        }
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            var line = await ReadLineAsync();
            TaskCompletionSource<long> answer;
            lock (waiting)
            {
                answer = waiting.Dequeue();
            }

            answer.SetResult(long.Parse(line.AsSpan(1), CultureInfo.InvariantCulture));
        }
    }

    private async ValueTask<string> ReadLineAsync()
    {
        while (true)
        {
            var result = await reader.ReadAsync();
            if (result.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.ASCII.GetString(result.Buffer.Slice(0, end)).TrimEnd('\r');
                reader.AdvanceTo(result.Buffer.GetPosition(1, end));
                return line;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
