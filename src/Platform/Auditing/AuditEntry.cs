using NodaTime;

namespace Metering.Platform.Auditing;

/// <summary>One change to one resource.</summary>
/// <param name="Action">Resource type and verb, such as <c>customer.create</c>; the type is what stands before the last dot.</param>
/// <param name="ResourceId">As the API shows it.</param>
/// <param name="At">By the product's clock.</param>
/// <param name="Before">The resource as the API shows it, without secrets; null when it did not exist.</param>
/// <param name="After">Null when it no longer exists.</param>
public sealed record AuditEntry(string Action, string ResourceId, Instant At, object? Before, object? After)
{
    public string ResourceType => Action[..Action.LastIndexOf('.')];
}
