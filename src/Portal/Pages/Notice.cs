namespace Metering.Portal.Pages;

/// <summary>A page that only says something.</summary>
public sealed record Notice(string Title, string Text)
{
    public static readonly Notice LinkExpired = new(
        "This link no longer works", "Links to the portal expire. Please ask whoever sent it to you for a new one.");

    public static readonly Notice SignedOut = new(
        "Please open your link again",
        "You are not signed in, or your session has ended. Open the link that was sent to you, or ask for a new one.");

    public static readonly Notice GoodBye = new("You are signed out", "Open your link again to come back.");

    public static readonly Notice NotFound = new("Not found", "There is no such page in your account.");

    public static readonly Notice NoPdf = new(
        "The PDF is not available", "It could not be made just now. The page view of the invoice has the same content and can be printed.");
}
