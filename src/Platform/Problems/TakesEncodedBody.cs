namespace Metering.Platform.Problems;

/// <summary>Metadata of a route that decodes <c>Content-Encoding</c> itself; every other refuses it.</summary>
public sealed class TakesEncodedBody;
