namespace Metering.Invoicing.Ledger;

/// <summary>What an account stands for. Closed, as the table <c>invoicing.ledger_account_kind</c> is.</summary>
public enum AccountKind
{
    /// <summary>What customers owe on issued documents.</summary>
    Receivable,

    /// <summary>Money that came in, until somebody finds it on a bank account.</summary>
    CashClearing,

    /// <summary>Usage that is counted and has no price yet.</summary>
    UsageUnrated,

    /// <summary>Usage that has a price and is on no issued document yet.</summary>
    UsageRatedUnbilled,

    /// <summary>What is to be paid for credit that is granted already, until it is billed or paid.</summary>
    CreditPurchases,

    /// <summary>Credit that customers paid for in advance. Never overdrawn.</summary>
    CustomerCreditPaid,

    /// <summary>Credit that customers were given. Never overdrawn.</summary>
    CustomerCreditPromotional,

    /// <summary>Billed, and not served yet.</summary>
    DeferredRevenue,

    TaxPayable,

    Revenue,

    /// <summary>Paid credit that expired unused.</summary>
    Breakage,

    /// <summary>What a provider of shared costs gets back from other cost centres.</summary>
    InternalRecovery,

    /// <summary>What a cost centre is charged for.</summary>
    InternalCost,

    /// <summary>What credit that was given away costs.</summary>
    PromotionExpense,

    /// <summary>What was given up as uncollectible.</summary>
    BadDebt,
}
