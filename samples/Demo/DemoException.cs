namespace Metering.Demo;

/// <summary>The story can not go on; the message says why in a sentence for the person who started it.</summary>
public sealed class DemoException(string message) : Exception(message);
