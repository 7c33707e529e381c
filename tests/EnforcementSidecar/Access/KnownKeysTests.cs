using System.Text;
using Metering.EnforcementSidecar.Access;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Access;

public sealed class KnownKeysTests
{
    /// <summary>Made with OpenSSL: <c>openssl mac -macopt hexkey:000102…0f -macopt size:16 SIPHASH</c> of the bytes 00 01 02 ….</summary>
    [Theory]
    [InlineData(0, "A3817F04BA25A8E66DF67214C7550293")]
    [InlineData(1, "DA87C1D86B99AF44347659119B22FC45")]
    [InlineData(7, "A1F1EBBED8DBC153C0B84AA61FF08239")]
    [InlineData(8, "3B62A9BA6258F5610F83E264F31497B4")]
    [InlineData(15, "5493E99933B0A8117E08EC0F97CFC3D9")]
    [InlineData(45, "4A6D8091BF5E7D651189FA94A250B14C")]
    public void SipHash_is_what_others_take_it_for(int length, string expected)
    {
        var text = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();

        var (first, second) = SipHash.Of(text, 0x0706050403020100, 0x0F0E0D0C0B0A0908);

        Assert.Equal(expected, Convert.ToHexString([.. BitConverter.GetBytes(first), .. BitConverter.GetBytes(second)]));
    }

    [Fact]
    public void A_key_that_was_good_is_recognised_and_no_other()
    {
        var keys = new KnownKeys();
        var hash = CredentialHash.OfKey("good"u8);
        keys.Remember(keys.MarkOf("good"u8), hash);

        Assert.True(keys.TryFind(keys.MarkOf("good"u8), out var found));
        Assert.Equal(hash, found);
        Assert.False(keys.TryFind(keys.MarkOf("goof"u8), out _));
        Assert.False(keys.TryFind(keys.MarkOf(""u8), out _));
    }

    [Fact]
    public void Another_process_recognises_nothing()
    {
        var (here, there) = (new KnownKeys(), new KnownKeys());
        there.Remember(here.MarkOf("good"u8), CredentialHash.OfKey("good"u8));

        Assert.False(there.TryFind(there.MarkOf("good"u8), out _));
    }

    [Fact]
    public void However_many_keys_there_are_each_is_recognised_as_itself_or_forgotten()
    {
        var keys = new KnownKeys();
        var all = Enumerable.Range(0, KnownKeys.Capacity * 2).Select(number => Encoding.ASCII.GetBytes($"key-{number}")).ToArray();
        Array.ForEach(all, key => keys.Remember(keys.MarkOf(key), CredentialHash.OfKey(key)));

        var recognised = 0;
        foreach (var key in all)
        {
            if (keys.TryFind(keys.MarkOf(key), out var hash))
            {
                Assert.Equal(CredentialHash.OfKey(key), hash);
                recognised++;
            }
        }

        Assert.InRange(recognised, 1, KnownKeys.Capacity);
    }
}
