using Microsoft.AspNetCore.Http;

namespace Metering.Platform.Problems;

/// <summary>
/// A parameter that reads itself from the request was refused. An exception, as for every other parameter that cannot be read: the
/// framework has no other way to say so before the handler runs.
/// </summary>
internal sealed class RefusedBindingException(FieldError error) : BadHttpRequestException(error.Message)
{
    public FieldError Error => error;
}
