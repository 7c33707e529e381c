using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Sidecar.Bench.Servers;

/// <summary>
/// The yardsticks: Kestrel with one terminal middleware that answers 204, and beside it Kestrel's transport alone, on which a handler of
/// connections looks for the end of each request and answers the same bytes. No check could be faster than that without another transport.
/// </summary>
internal static class BareKestrel
{
    private static readonly byte[] Answer = "HTTP/1.1 204 No Content\r\nDate: Sun, 22 Nov 2026 00:00:00 GMT\r\n\r\n"u8.ToArray();

    public static async Task RunAsync(int port, string socket, int handlerPort, string handlerSocket)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ListenLocalhost(port);
            kestrel.ListenUnixSocket(socket);
            kestrel.ListenLocalhost(handlerPort, listener => listener.Run(HandleAsync));
            kestrel.ListenUnixSocket(handlerSocket, listener => listener.Run(HandleAsync));
        });
        var app = builder.Build();
        app.Run(context =>
        {
            context.Response.StatusCode = 204;
            return Task.CompletedTask;
        });
        await app.RunAsync();
    }

    private static async Task HandleAsync(ConnectionContext connection)
    {
        var (input, output) = (connection.Transport.Input, connection.Transport.Output);
        while (true)
        {
            var result = await input.ReadAsync(connection.ConnectionClosed);
            var buffer = result.Buffer;
            var answers = 0;
            while (TrySkipRequest(ref buffer))
            {
                Answer.CopyTo(output.GetSpan(Answer.Length));
                output.Advance(Answer.Length);
                answers++;
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (answers > 0)
            {
                await output.FlushAsync();
            }

            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    private static bool TrySkipRequest(ref ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        var isWhole = reader.TryReadTo(out ReadOnlySequence<byte> _, "\r\n\r\n"u8);
        buffer = isWhole ? buffer.Slice(reader.Position) : buffer;
        return isWhole;
    }
}
