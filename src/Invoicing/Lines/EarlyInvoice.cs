using System.Collections.Immutable;
using Metering.Subscriptions.Customers;
using NodaTime;

namespace Metering.Invoicing.Lines;

/// <summary>What is asked for when a customer is invoiced outside of the regular run.</summary>
/// <param name="AsOf">What has happened by then.</param>
/// <param name="LineIds">Only these; null for all that are due.</param>
/// <param name="Progressive">Whether usage is billed before its period ends; null leaves it to the profile.</param>
internal sealed record EarlyInvoice(CustomerAccount Customer, Instant AsOf, ImmutableArray<Guid>? LineIds, bool? Progressive);
