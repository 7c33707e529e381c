using Metering.Notifications.Delivering;
using Metering.Notifications.Secrets;
using Xunit;

namespace Metering.Notifications.Tests.Delivering;

public sealed class WebhookSignatureTests
{
    /// <summary>The vector of the reference implementation of Standard Webhooks.</summary>
    [Fact]
    public void A_signature_is_what_every_receiver_computes()
    {
        Assert.True(SigningSecret.TryKeyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", out var key));

        Assert.Equal(
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            WebhookSignature.Of(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, """{"test": 2432232314}"""));
    }

    [Fact]
    public void A_secret_that_is_made_here_is_one_that_would_be_taken()
    {
        var secret = SigningSecret.New();

        Assert.True(SigningSecret.IsValid(secret));
        Assert.NotEqual(secret, SigningSecret.New());
    }

    [Theory]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true)]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", false)]
    [InlineData("whsec_short", false)]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa=w", false)]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", false)]
    [InlineData("secret_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false)]
    public void A_secret_is_base_64_of_enough_bytes(string secret, bool valid) => Assert.Equal(valid, SigningSecret.IsValid(secret));
}
