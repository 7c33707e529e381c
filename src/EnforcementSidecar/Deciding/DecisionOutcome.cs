namespace Metering.EnforcementSidecar.Deciding;

/// <summary>In order of precedence: the first that applies is the answer.</summary>
internal enum DecisionOutcome
{
    /// <summary>503: no snapshot is known, or it is too old.</summary>
    NotReady,

    /// <summary>401: no customer has this key.</summary>
    UnknownCredential,

    /// <summary>401: the key's time is over.</summary>
    CredentialExpired,

    /// <summary>403.</summary>
    CustomerSuspended,

    /// <summary>403: the key may not be used for this feature, whatever the customer has.</summary>
    FeatureOutOfScope,

    /// <summary>403: the customer's plan does not give this feature now.</summary>
    FeatureNotEntitled,

    /// <summary>413: the body has more bytes than the feature takes.</summary>
    RequestTooLarge,

    /// <summary>413: the gateway does not tell how large the body is, and the limit refuses what it can not see.</summary>
    RequestSizeUnknown,

    /// <summary>413: the prompt has more tokens than the feature takes.</summary>
    PromptTooLarge,

    /// <summary>413: the gateway did not count the prompt, and the limit refuses what it can not see.</summary>
    PromptSizeUnknown,

    /// <summary>429: as many requests are in flight as may be.</summary>
    ConcurrencyExhausted,

    /// <summary>429.</summary>
    RateLimited,

    /// <summary>503: this sidecar has no share of a rate or of the requests in flight, and Host did not say whether there is one.</summary>
    ShareUndecided,

    /// <summary>429.</summary>
    QuotaExhausted,

    /// <summary>503: a hard limit, nothing left in memory, and Host did not say whether there is more.</summary>
    QuotaUndecided,

    /// <summary>503: Host knows of no such limit although the snapshot does; they will agree in a moment.</summary>
    QuotaUnknown,

    /// <summary>402: prepaid credit does not cover the price.</summary>
    CreditExhausted,

    /// <summary>503: Host did not say whether there is more credit.</summary>
    CreditUndecided,

    /// <summary>503: nothing tells beforehand what the request costs, or Host does not know the credit yet.</summary>
    CreditUnknown,

    /// <summary>200.</summary>
    Allowed,
}
