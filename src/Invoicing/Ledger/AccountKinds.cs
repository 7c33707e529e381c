using System.Diagnostics;

namespace Metering.Invoicing.Ledger;

/// <summary>The names of kinds, in the database and outside.</summary>
public static class AccountKinds
{
    public static string NameOf(this AccountKind kind) => kind switch
    {
        AccountKind.Receivable => "receivable",
        AccountKind.CashClearing => "cash_clearing",
        AccountKind.UsageUnrated => "usage_unrated",
        AccountKind.UsageRatedUnbilled => "usage_rated_unbilled",
        AccountKind.CreditPurchases => "credit_purchases",
        AccountKind.CustomerCreditPaid => "customer_credit_paid",
        AccountKind.CustomerCreditPromotional => "customer_credit_promotional",
        AccountKind.DeferredRevenue => "deferred_revenue",
        AccountKind.TaxPayable => "tax_payable",
        AccountKind.Revenue => "revenue",
        AccountKind.Breakage => "breakage",
        AccountKind.InternalRecovery => "internal_recovery",
        AccountKind.InternalCost => "internal_cost",
        AccountKind.PromotionExpense => "promotion_expense",
        AccountKind.BadDebt => "bad_debt",
    };

    public static AccountKind Parse(string name) => TryParse(name) ?? throw new UnreachableException($"There is no kind of account '{name}'.");

    public static AccountKind? TryParse(string name)
    {
        foreach (var kind in Enum.GetValues<AccountKind>())
        {
            if (kind.NameOf() == name)
            {
                return kind;
            }
        }

        return null;
    }
}
