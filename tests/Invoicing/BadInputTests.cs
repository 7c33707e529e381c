using System.Text.Json.Nodes;
using Metering.Invoicing.Tests.Support;
using Metering.Testing;
using Xunit;

namespace Metering.Invoicing.Tests;

/// <summary>What is wrong is told by status, problem, field and code.</summary>
public sealed class BadInputTests
{
    /// <summary>Words of the tables; each row then says only what is wrong.</summary>
    private static readonly (string Word, string Text)[] Words =
    [
        ("BAD", "400 | invalid-request"),
        ("POST-PROFILE", "POST /api/v1/billing/profiles"),
        ("PUT-PROFILE", "PUT /api/v1/billing/profiles/default"),
        ("INVOICE-NOW", "POST /api/v1/billing/invoices/invoice"),
        ("BY-DEFAULT", "\"name\":\"A\",\"default\":true,\"supplier\":{\"name\":\"S\"}"),
        ("IN-USD", "\"currency\":\"USD\",\"lines\":"),
        ("EDITED", """{"supplier":{},"customer":{},"workflow":{"workflow":{}},"lines":"""),
        ("AT-ALIGNMENT", "/workflow/collection/alignment"),
        ("AT-TAX", "/workflow/invoicing/defaultTaxConfig"),
        ("AT-CARD", "/lines/0/rateCard"),
        ("AT-INVOICING", "/workflow/invoicing"),
        ("ALIGNED", "\"workflow\":{\"collection\":{\"alignment\":"),
        ("INVOICED", "\"workflow\":{\"invoicing\":"),
        ("TO-SELLER", "\"name\":\"A\",\"default\":true,\"supplier\":"),
        ("CARD{", "\"rateCard\":{"),
        ("WITH-APPS", "\"workflow\":{},\"apps\":{\"tax\":\"x\",\"invoicing\":\"x\",\"payment\":\"x\"}"),
        ("PER-PAYMENT", "{\"type\":\"percentage\",\"rate\":\"2\",\"fixedAmountPerTransaction\":\"1\"}"),
        ("TWICE", "\"overrides\":[{\"lineId\":\"x\",\"action\":{\"percentage\":100,\"action\":{\"type\":\"pending\"}}}]"),
        ("MIXED", "\"recurringPeriod\":{\"interval\":\"P1M2D\",\"anchor\":\"2026-01-01T00:00:00Z\"}"),
        ("TOO-EARLY", "\"name\":\"A\",\"period\":{\"from\":\"2026-01-01T00:00:00Z\",\"to\":FEB},\"invoiceAt\":\"2026-01-31T00:00:00Z\""),
        ("NO-TIME", "\"name\":\"A\",\"period\":{\"from\":FEB,\"to\":FEB},\"invoiceAt\":FEB"),
        ("PAID-BY", "\"workflow\":{\"payment\":{\"collectionMethod\":"),
        ("AT-PAYMENT", "/workflow/payment/collectionMethod"),
        ("LESS-101", "\"discounts\":{\"percentage\":{\"percentage\":101}}"),
        ("BY-NOBODY", "\"supplier\":{},\"customer\":{}"),
        ("JANUARY", "\"name\":\"A\",WHEN"),
        ("WHEN", "\"period\":{\"from\":\"2026-01-01T00:00:00Z\",\"to\":FEB},\"invoiceAt\":FEB"),
        ("FEB", "\"2026-02-01T00:00:00Z\""),
        ("FEE", """{"type":"flat","amount":"1"}"""),
        ("UNIT", """{"type":"unit","amount":"1"}"""),
        ("DISCARD", """{"percentage":100,"action":{"type":"discard"}}"""),
    ];

    [Fact]
    public async Task Profiles_overrides_and_tax_codes_say_which_field_is_wrong()
    {
        await using var host = await TestHost.StartAsync();
        var id = await host.CustomerAsync("initech");
        const string Rows = """
            POST-PROFILE | {"name":"A","default":false,"workflow":{},"supplier":{"name":"S"}} | BAD | /apps | required
            POST-PROFILE | {"name":"A","default":false,WITH-APPS} | BAD | /supplier | required
            POST-PROFILE | {"name":"A","default":false,"supplier":{"name":"S"},WITH-APPS} | BAD | /apps/tax | unknown_app
            PUT-PROFILE | {"name":"","default":true,"supplier":{"name":"S"},"workflow":{}} | BAD | /name | out_of_range
            PUT-PROFILE | {"name":"A","default":false,"supplier":{"name":"S"},"workflow":{}} | BAD | /default | default_required
            PUT-PROFILE | {TO-SELLER{},"workflow":{}} | BAD | /supplier/name | required
            PUT-PROFILE | {TO-SELLER{"name":"S","iban":"GB00"},"workflow":{}} | BAD | /supplier/iban | invalid_iban
            PUT-PROFILE | {TO-SELLER{"name":"S","addresses":[{"country":"D"}]},"workflow":{}} | BAD | /supplier/addresses/0/country | unknown_country
            PUT-PROFILE | {TO-SELLER{"name":"S","addresses":[{},{}]},"workflow":{}} | BAD | /supplier/addresses | too_many
            PUT-PROFILE | {TO-SELLER{"name":"S","taxId":{"code":""}},"workflow":{}} | BAD | /supplier/taxId/code | out_of_range
            PUT-PROFILE | {BY-DEFAULT,"workflow":{},"numberSeries":"inv"} | BAD | /numberSeries | invalid_series
            PUT-PROFILE | {BY-DEFAULT,"workflow":{"collection":{"interval":"soon"}}} | BAD | /workflow/collection/interval | invalid_duration
            PUT-PROFILE | {BY-DEFAULT,"workflow":{"collection":{"interval":"-PT1H"}}} | BAD | /workflow/collection/interval | invalid_duration
            PUT-PROFILE | {BY-DEFAULT,ALIGNED{"type":"weekly"}}}} | BAD | AT-ALIGNMENT/type | unknown_alignment
            PUT-PROFILE | {BY-DEFAULT,ALIGNED{"type":"anchored"}}}} | BAD | AT-ALIGNMENT/recurringPeriod | required
            PUT-PROFILE | {BY-DEFAULT,ALIGNED{"type":"anchored",MIXED}}}} | BAD | AT-ALIGNMENT/recurringPeriod/interval | invalid_duration
            PUT-PROFILE | {BY-DEFAULT,INVOICED{"draftPeriod":"P2Y"}}} | BAD | AT-INVOICING/draftPeriod | invalid_duration
            PUT-PROFILE | {BY-DEFAULT,INVOICED{"dueAfter":"30"}}} | BAD | AT-INVOICING/dueAfter | invalid_duration
            PUT-PROFILE | {BY-DEFAULT,INVOICED{"subscriptionEndProrationMode":"x"}}} | BAD | AT-INVOICING/subscriptionEndProrationMode | unknown_mode
            PUT-PROFILE | {BY-DEFAULT,INVOICED{"defaultTaxConfig":{"taxCodeId":"vat"}}}} | BAD | AT-TAX/taxCodeId | unknown_tax_code
            PUT-PROFILE | {BY-DEFAULT,INVOICED{"defaultTaxConfig":{"behavior":"included"}}}} | BAD | AT-TAX/behavior | unknown_behavior
            PUT-PROFILE | {BY-DEFAULT,PAID-BY"cash"}}} | BAD | AT-PAYMENT | unknown_collection_method
            PUT-PROFILE | {BY-DEFAULT,INVOICED{"colour":"red"}}} | BAD | AT-INVOICING/colour | invalid_json
            GET /api/v1/billing/profiles/nobody |  | 404 | not-found
            GET /api/v1/billing/profiles?orderBy=size |  | BAD | ?orderBy | unknown_value
            DELETE /api/v1/billing/profiles/default |  | 400 | action-not-available
            PUT /api/v1/billing/customers/CUSTOMER | {"billingProfileId":"01ARZ3NDEKTSV4RRFFQ69G5FAV"} | BAD | /billingProfileId | unknown_profile
            PUT /api/v1/billing/customers/nobody | {} | 404 | not-found
            DELETE /api/v1/billing/customers/CUSTOMER |  | 404 | not-found
            GET /api/v1/billing/customers?billingProfile=x |  | BAD | ?billingProfile | invalid_id
            GET /api/v1/billing/customers?expand=money |  | BAD | ?expand | unknown_value
            POST /api/v1/billing/tax-codes | {"key":"VAT!","name":"VAT","percent":19} | BAD | /key | invalid_key
            POST /api/v1/billing/tax-codes | {"key":"vat","name":"VAT","percent":101} | BAD | /percent | out_of_range
            POST /api/v1/billing/tax-codes | {"key":"vat","name":"VAT","percent":1.00001} | BAD | /percent | out_of_range
            """;
        Assert.Equal("", await BadInput.RunAsync(host.Client, Spelled(Rows, ("CUSTOMER", id))));
    }

    [Fact]
    public async Task Lines_and_actions_say_which_field_is_wrong()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        await host.PostAsync("/api/v1/features", new JsonObject { ["key"] = "support", ["name"] = "Support" }, 201);
        await host.SignUpAsync("initech", "pro");
        await host.AdvanceToAsync("2026-01-02T00:00:00Z");
        var id = await host.CustomerIdAsync("initech");
        var issued = $"/api/v1/billing/invoices/{(await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001"))["id"]}";
        var gathering = $"/api/v1/billing/invoices/{(await host.PendingAsync(id, Shop.Fee("Setup", "1", "2026-02-01T00:00:00Z")))["invoice"]!["id"]}";
        var pending = $"POST /api/v1/billing/customers/{id}/invoices/pending-lines";
        var simulate = $"POST /api/v1/billing/customers/{id}/invoices/simulate";
        const string Rows = """
            POST /api/v1/billing/customers/nobody/invoices/pending-lines | {IN-USD[]} | 404 | not-found
            PENDING | {"currency":"usd","lines":[{JANUARY,CARD{"price":FEE}}]} | BAD | /currency | unknown_currency
            PENDING | {IN-USD[]} | BAD | /lines | required
            PENDING | {IN-USD[{"name":"",WHEN,CARD{"price":FEE}}]} | BAD | /lines/0/name | out_of_range
            PENDING | {IN-USD[{JANUARY}]} | BAD | /lines/0/price | required
            PENDING | {IN-USD[{JANUARY,CARD{"price":null}}]} | BAD | AT-CARD/price | required
            PENDING | {IN-USD[{JANUARY,CARD{"price":{"type":"barter"}}}]} | BAD | AT-CARD/price/type | unknown_price_type
            PENDING | {IN-USD[{JANUARY,CARD{"price":{"type":"flat","amount":"-1"}}}]} | BAD | AT-CARD/price/amount | negative
            PENDING | {IN-USD[{JANUARY,CARD{"price":{"type":"flat","amount":"x"}}}]} | BAD | AT-CARD/price/amount | invalid_json
            PENDING | {IN-USD[{JANUARY,CARD{"price":FEE,LESS-101}}]} | BAD | AT-CARD/discounts/percentage/percentage | not_a_percentage
            PENDING | {IN-USD[{JANUARY,CARD{"price":UNIT}}]} | BAD | AT-CARD/featureKey | required
            PENDING | {IN-USD[{JANUARY,CARD{"featureKey":"none","price":FEE}}]} | BAD | AT-CARD/featureKey | unknown_feature
            PENDING | {IN-USD[{JANUARY,CARD{"featureKey":"support","price":UNIT}}]} | BAD | AT-CARD/featureKey | feature_without_meter
            PENDING | {IN-USD[{JANUARY,CARD{"price":FEE,"taxConfig":{"taxCodeId":"none"}}}]} | BAD | AT-CARD/taxConfig/taxCodeId | unknown_tax_code
            PENDING | {IN-USD[{JANUARY,"quantity":"1",CARD{"price":FEE}}]} | BAD | /lines/0/quantity | not_allowed
            PENDING | {IN-USD[{JANUARY,"id":"x",CARD{"price":FEE}}]} | BAD | /lines/0/id | not_allowed
            PENDING | {IN-USD[{NO-TIME,CARD{"price":FEE}}]} | BAD | /lines/0/period/to | not_after_from
            PENDING | {IN-USD[{TOO-EARLY,CARD{"featureKey":"tokens","price":UNIT}}]} | BAD | /lines/0/invoiceAt | before_period_ends
            SIMULATE | {IN-USD[{JANUARY,CARD{"price":UNIT}}]} | BAD | /lines/0/quantity | required
            SIMULATE | {IN-USD[{JANUARY,"quantity":"-1",CARD{"price":UNIT}}]} | BAD | /lines/0/quantity | negative
            SIMULATE | {IN-USD[{JANUARY,"quantity":"1",CARD{"price":PER-PAYMENT}}]} | BAD | AT-CARD/price/type | needs_details
            SIMULATE | {"currency":"USD","number":"","lines":[{JANUARY,"quantity":"1",CARD{"price":FEE}}]} | BAD | /number | out_of_range
            INVOICE-NOW | {"customerId":"nobody"} | BAD | /customerId | unknown_customer
            INVOICE-NOW | {"customerId":"CUSTOMER","asOf":"2027-01-01T00:00:00Z"} | BAD | /asOf | in_the_future
            INVOICE-NOW | {"customerId":"CUSTOMER"} | BAD |  | nothing_to_invoice
            INVOICE-NOW | {"customerId":"CUSTOMER","filters":{"lineIds":[]}} | BAD | /filters/lineIds | required
            INVOICE-NOW | {"customerId":"CUSTOMER","filters":{"lineIds":["x"]}} | BAD | /filters/lineIds/0 | invalid_id
            INVOICE-NOW | {"customerId":"CUSTOMER","filters":{"lineIds":["01ARZ3NDEKTSV4RRFFQ69G5FAV"]}} | BAD | /filters/lineIds/0 | unknown_line
            PUT GATHERING | EDITED[{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV",JANUARY,CARD{"price":FEE}}]} | BAD | /lines/0/id | unknown_line
            PUT GATHERING | {"supplier":{"name":" "},"customer":{},"workflow":{"workflow":{}},"lines":[]} | BAD | /supplier/name | required
            PUT GATHERING | {BY-NOBODY,"workflow":{INVOICED{"dueAfter":"x"}}},"lines":[]} | BAD | /workflowAT-INVOICING/dueAfter | invalid_duration
            PUT ISSUED | EDITED[]} | 400 | action-not-available
            POST ISSUED/approve |  | 400 | action-not-available
            POST ISSUED/advance |  | 400 | action-not-available
            POST ISSUED/retry |  | 400 | action-not-available
            POST ISSUED/snapshot-quantities |  | 400 | action-not-available
            POST ISSUED/taxes/recalculate |  | 400 | action-not-available
            DELETE ISSUED |  | 400 | action-not-available
            POST GATHERING/void | {"reason":"x","action":DISCARD} | 400 | action-not-available
            POST GATHERING/payments | {} | 400 | action-not-available
            POST ISSUED/void | {"reason":" ","action":DISCARD} | BAD | /reason | out_of_range
            POST ISSUED/void | {"reason":"x","action":{"percentage":50,"action":{"type":"discard"}}} | BAD | /action/percentage | not_whole
            POST ISSUED/void | {"reason":"x","action":{"percentage":100,"action":{"type":"refund"}}} | BAD | /action/action/type | unknown_action
            POST ISSUED/void | {"reason":"x","action":DISCARD,TWICE} | BAD | /overrides/0/lineId | unknown_line
            POST ISSUED/payments | {"amount":"0.001"} | BAD | /amount | not_payable
            POST ISSUED/payments | {"amount":"-1"} | BAD | /amount | not_payable
            POST ISSUED/payments | {"amount":"1000"} | BAD | /amount | more_than_owed
            POST ISSUED/payments | {"paidAt":"2027-01-01T00:00:00Z"} | BAD | /paidAt | in_the_future
            POST /api/v1/apps/custom-invoicing/INV-2026-000001/payment/status | {"trigger":"lost"} | BAD | /trigger | unknown_trigger
            POST /api/v1/billing/invoices/01ARZ3NDEKTSV4RRFFQ69G5FAV/approve |  | 404 | not-found
            GET /api/v1/billing/invoices/INV-2026-000001?expand=children |  | BAD | ?expand | unknown_value
            """;
        var spelled = Spelled(
            Rows, ("CUSTOMER", id), ("PENDING", pending), ("SIMULATE", simulate), ("ISSUED", issued), ("GATHERING", gathering));
        Assert.Equal("", await BadInput.RunAsync(host.Client, spelled));
    }

    private static string Spelled(string rows, params (string Word, string Text)[] own) =>
        Words.Concat(own).Aggregate(rows, (text, one) => text.Replace(one.Word, one.Text, StringComparison.Ordinal));
}
