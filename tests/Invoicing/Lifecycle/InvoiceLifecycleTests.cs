using System.Text;
using Metering.Invoicing.Lifecycle;
using Metering.Testing;
using Xunit;

namespace Metering.Invoicing.Tests.Lifecycle;

/// <summary>The table as it is, for people to read: every state and every action.</summary>
public sealed class InvoiceLifecycleTests
{
    /// <summary>Waits for nothing, needs an approval, is owed and not late.</summary>
    private static readonly InvoiceFacts Plain = new();

    [Fact]
    public void Every_action_in_every_state_leads_where_the_table_says()
    {
        var text = new StringBuilder();
        foreach (var state in Enum.GetValues<InvoiceState>())
        {
            foreach (var action in Enum.GetValues<InvoiceAction>())
            {
                var next = InvoiceLifecycle.Next(state, action, Plain);
                var rest = InvoiceLifecycle.RestAfter(state, action, Plain);
                text.AppendLine($"{state.NameOf(),-36}{action,-20}{next?.NameOf() ?? "refused",-36}{(rest == next ? "" : rest?.NameOf())}".TrimEnd());
            }
        }

        Golden.Matches(text.ToString(), "every-state-and-action.txt");
    }

    /// <summary>Columns: state, facts that hold, where it comes to rest by itself.</summary>
    [Fact]
    public void What_happens_by_itself_depends_on_the_facts()
    {
        const string Table = """
            draft.created                  |                                                  | draft.waiting_for_collection
            draft.created                  | CollectionOver                                   | draft.manual_approval_needed
            draft.created                  | CollectionOver AutoAdvances                      | draft.waiting_auto_approval
            draft.created                  | CollectionOver AutoAdvances DraftPeriodOver      | issued
            draft.created                  | CollectionOver NothingCharged                    | deleted
            draft.created                  | CollectionOver HasCriticalIssues AutoAdvances    | draft.invalid
            draft.waiting_for_collection   |                                                  | -
            draft.waiting_for_collection   | CollectionOver                                   | draft.manual_approval_needed
            draft.waiting_auto_approval    |                                                  | -
            draft.waiting_auto_approval    | DraftPeriodOver                                  | issued
            draft.waiting_auto_approval    | DraftPeriodOver ChargesAutomatically             | payment_processing.pending
            draft.waiting_auto_approval    | DraftPeriodOver NothingToPay                     | paid
            draft.waiting_auto_approval    | DraftPeriodOver PastDue                          | overdue
            draft.manual_approval_needed   | DraftPeriodOver AutoAdvances                     | -
            draft.invalid                  |                                                  | -
            draft.invalid                  | RetryDue                                         | draft.manual_approval_needed
            issued                         |                                                  | -
            issued                         | PastDue                                          | overdue
            payment_processing.pending     | PastDue                                          | overdue
            payment_processing.failed      | PastDue                                          | overdue
            overdue                        | PastDue                                          | -
            paid                           | PastDue                                          | -
            voided                         | PastDue CollectionOver DraftPeriodOver           | -
            deleted                        | CollectionOver DraftPeriodOver                   | -
            """;
        var wrong = new StringBuilder();
        foreach (var line in Table.ReplaceLineEndings("\n").Split('\n'))
        {
            var row = line.Split('|', StringSplitOptions.TrimEntries);
            var facts = row[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Aggregate(Plain, (known, name) => With(known, Enum.Parse<InvoiceCondition>(name)));
            var rest = InvoiceLifecycle.RestAfter(InvoiceStates.Parse(row[0]), InvoiceAction.Advance, facts)?.NameOf() ?? "-";
            if (rest != row[2])
            {
                wrong.AppendLine($"{line}: {rest}");
            }
        }

        Assert.Equal("", wrong.ToString());
    }

    [Fact]
    public void An_issued_document_is_never_a_draft_again_and_a_closed_one_stays_closed()
    {
        foreach (var state in Enum.GetValues<InvoiceState>().Where(state => state.IsIssued()))
        {
            foreach (var action in Enum.GetValues<InvoiceAction>())
            {
                Assert.True(InvoiceLifecycle.Next(state, action, Plain)?.IsIssued() ?? true, $"{state} {action}");
            }
        }

        Assert.All(
            [InvoiceState.Paid, InvoiceState.Voided, InvoiceState.Deleted],
            state => Assert.All(Enum.GetValues<InvoiceAction>(), action => Assert.Null(InvoiceLifecycle.Next(state, action, Plain))));
    }

    [Fact]
    public void Every_state_has_a_name_of_its_own_and_a_status_of_the_contract()
    {
        var states = Enum.GetValues<InvoiceState>();
        Assert.Equal(states.Length, states.Select(state => state.NameOf()).Distinct().Count());
        Assert.All(states, state => Assert.Equal(state, InvoiceStates.Parse(state.NameOf())));
        Assert.All(states, state => Assert.Contains(state.StatusOf(), InvoiceStates.Statuses));
    }

    private static InvoiceFacts With(InvoiceFacts facts, InvoiceCondition condition) => condition switch
    {
        InvoiceCondition.Always => facts,
        InvoiceCondition.CollectionOver => facts with { CollectionOver = true },
        InvoiceCondition.NothingCharged => facts with { NothingCharged = true },
        InvoiceCondition.HasCriticalIssues => facts with { HasCriticalIssues = true },
        InvoiceCondition.AutoAdvances => facts with { AutoAdvances = true },
        InvoiceCondition.DraftPeriodOver => facts with { DraftPeriodOver = true },
        InvoiceCondition.RetryDue => facts with { RetryDue = true },
        InvoiceCondition.NothingToPay => facts with { NothingToPay = true },
        InvoiceCondition.ChargesAutomatically => facts with { ChargesAutomatically = true },
        InvoiceCondition.PastDue => facts with { PastDue = true },
    };
}
