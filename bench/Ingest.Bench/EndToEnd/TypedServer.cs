using MassTransit;
using Metering.Ingest.Bench.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Metering.Ingest.Bench.EndToEnd;

/// <summary>
/// The yardstick for batches: typed objects from the request to a typed message of MassTransit with confirms, and from there through a staging
/// table, ON CONFLICT and a roll-up in SQL. Duplicates fall away, one hour's cells are upserted; as good as that way gets without other ideas.
/// </summary>
internal static class TypedServer
{
    private const int Prefetch = 32;
    private const int MessagesPerBatch = 10;
    private static readonly TimeSpan BatchDelay = TimeSpan.FromMilliseconds(20);

    public static async Task RunAsync(int port, string postgres, string rabbitMq)
    {
        await using var source = NpgsqlDataSource.Create(postgres);
        await TypedStore.PrepareAsync(source);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(source);
        builder.Services.AddMassTransit(bus =>
        {
            bus.AddConsumer<TypedConsumer>();
            bus.UsingRabbitMq((context, broker) =>
            {
                broker.Host(new Uri(rabbitMq), host => host.PublisherConfirmation = true);
                broker.ReceiveEndpoint("typed-events", endpoint =>
                {
                    endpoint.SetQuorumQueue();
                    endpoint.PrefetchCount = Prefetch;
                    endpoint.Batch<TypedBatch>(batch =>
                    {
                        batch.MessageLimit = MessagesPerBatch;
                        batch.TimeLimit = BatchDelay;
                        batch.ConcurrencyLimit = 2;
                        batch.Consumer<TypedConsumer, TypedBatch>(context);
                    });
                });
            });
        });
        var app = builder.Build();
        app.MapGet("/ready", (IBusControl bus) =>
            bus.CheckHealth().Status == BusHealthStatus.Healthy ? Results.Ok() : Results.StatusCode(StatusCodes.Status503ServiceUnavailable));
        app.MapGet("/count", async (NpgsqlDataSource store) => await TypedStore.CountAsync(store));
        app.MapPost("/events", async (HttpContext context, IBus bus) =>
        {
            var events = await context.Request.ReadFromJsonAsync<TypedEvent[]>(TypedEvent.Json, context.RequestAborted);
            await bus.Publish(new TypedBatch(events!), context.RequestAborted);
            context.Response.StatusCode = StatusCodes.Status202Accepted;
        });
        await app.RunAsync($"http://127.0.0.1:{port}");
    }
}

internal sealed record TypedBatch(TypedEvent[] Events);

internal sealed class TypedConsumer(NpgsqlDataSource source) : IConsumer<Batch<TypedBatch>>
{
    public Task Consume(ConsumeContext<Batch<TypedBatch>> context) =>
        TypedStore.WriteAsync(source, [.. context.Message.SelectMany(message => message.Message.Events)], context.CancellationToken);
}
