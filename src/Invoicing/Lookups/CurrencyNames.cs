using System.Collections.Frozen;

namespace Metering.Invoicing.Lookups;

/// <summary>
/// How people call the currencies that can be invoiced in: the English name of ISO 4217 and, where one is in use, the symbol. The code stands
/// for the symbol where there is none.
/// </summary>
internal static class CurrencyNames
{
    /// <summary>Code, name and, after a semicolon, the symbol.</summary>
    private const string Table = """
        AED UAE Dirham|AFN Afghani;؋|ALL Lek|AMD Armenian Dram;֏|ANG Netherlands Antillean Guilder;ƒ|AOA Kwanza|ARS Argentine Peso;$
        AUD Australian Dollar;$|AWG Aruban Florin;ƒ|AZN Azerbaijan Manat;₼|BAM Convertible Mark|BBD Barbados Dollar;$|BDT Taka;৳|BGN Bulgarian Lev
        BHD Bahraini Dinar|BIF Burundi Franc|BMD Bermudian Dollar;$|BND Brunei Dollar;$|BOB Boliviano|BOV Mvdol|BRL Brazilian Real;R$
        BSD Bahamian Dollar;$|BTN Ngultrum|BWP Pula|BYN Belarusian Ruble|BZD Belize Dollar;$|CAD Canadian Dollar;$|CDF Congolese Franc
        CHE WIR Euro|CHF Swiss Franc|CHW WIR Franc|CLF Unidad de Fomento|CLP Chilean Peso;$|CNY Yuan Renminbi;¥|COP Colombian Peso;$
        COU Unidad de Valor Real|CRC Costa Rican Colon;₡|CUP Cuban Peso;$|CVE Cabo Verde Escudo|CZK Czech Koruna;Kč|DJF Djibouti Franc
        DKK Danish Krone;kr|DOP Dominican Peso;$|DZD Algerian Dinar|EGP Egyptian Pound;£|ERN Nakfa|ETB Ethiopian Birr|EUR Euro;€|FJD Fiji Dollar;$
        FKP Falkland Islands Pound;£|GBP Pound Sterling;£|GEL Lari;₾|GHS Ghana Cedi;₵|GIP Gibraltar Pound;£|GMD Dalasi|GNF Guinean Franc
        GTQ Quetzal;Q|GYD Guyana Dollar;$|HKD Hong Kong Dollar;$|HNL Lempira|HTG Gourde|HUF Forint;Ft|IDR Rupiah;Rp|ILS New Israeli Sheqel;₪
        INR Indian Rupee;₹|IQD Iraqi Dinar|IRR Iranian Rial;﷼|ISK Iceland Krona;kr|JMD Jamaican Dollar;$|JOD Jordanian Dinar|JPY Yen;¥
        KES Kenyan Shilling|KGS Som|KHR Riel;៛|KMF Comorian Franc|KPW North Korean Won;₩|KRW Won;₩|KWD Kuwaiti Dinar|KYD Cayman Islands Dollar;$
        KZT Tenge;₸|LAK Lao Kip;₭|LBP Lebanese Pound;£|LKR Sri Lanka Rupee;₨|LRD Liberian Dollar;$|LSL Loti|LYD Libyan Dinar|MAD Moroccan Dirham
        MDL Moldovan Leu|MGA Malagasy Ariary|MKD Denar|MMK Kyat|MNT Tugrik;₮|MOP Pataca|MRU Ouguiya|MUR Mauritius Rupee;₨|MVR Rufiyaa
        MWK Malawi Kwacha|MXN Mexican Peso;$|MXV Mexican Unidad de Inversion|MYR Malaysian Ringgit;RM|MZN Mozambique Metical|NAD Namibia Dollar;$
        NGN Naira;₦|NIO Cordoba Oro;C$|NOK Norwegian Krone;kr|NPR Nepalese Rupee;₨|NZD New Zealand Dollar;$|OMR Rial Omani;﷼|PAB Balboa|PEN Sol;S/
        PGK Kina|PHP Philippine Peso;₱|PKR Pakistan Rupee;₨|PLN Zloty;zł|PYG Guarani;₲|QAR Qatari Rial;﷼|RON Romanian Leu|RSD Serbian Dinar
        RUB Russian Ruble;₽|RWF Rwanda Franc|SAR Saudi Riyal;﷼|SBD Solomon Islands Dollar;$|SCR Seychelles Rupee;₨|SDG Sudanese Pound
        SEK Swedish Krona;kr|SGD Singapore Dollar;$|SHP Saint Helena Pound;£|SLE Leone|SOS Somali Shilling|SRD Surinam Dollar;$
        SSP South Sudanese Pound;£|STN Dobra|SVC El Salvador Colon;₡|SYP Syrian Pound;£|SZL Lilangeni|THB Baht;฿|TJS Somoni
        TMT Turkmenistan New Manat|TND Tunisian Dinar|TOP Pa'anga|TRY Turkish Lira;₺|TTD Trinidad and Tobago Dollar;$|TWD New Taiwan Dollar;$
        TZS Tanzanian Shilling|UAH Hryvnia;₴|UGX Uganda Shilling|USD US Dollar;$|USN US Dollar (Next day);$|UYI Uruguay Peso en Unidades Indexadas
        UYU Peso Uruguayo;$|UYW Unidad Previsional|UZS Uzbekistan Sum|VED Bolívar Soberano (digital)|VES Bolívar Soberano|VND Dong;₫|VUV Vatu
        WST Tala|XAF CFA Franc BEAC|XCD East Caribbean Dollar;$|XCG Caribbean Guilder|XOF CFA Franc BCEAO|XPF CFP Franc|YER Yemeni Rial;﷼
        ZAR Rand;R|ZMW Zambian Kwacha|ZWG Zimbabwe Gold
        """;

    private static readonly FrozenDictionary<string, (string Name, string Symbol)> ByCode = Table
        .Split(['|', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(Read)
        .ToFrozenDictionary(entry => entry.Code, entry => (entry.Name, entry.Symbol), StringComparer.Ordinal);

    public static (string Name, string Symbol) Of(string code) => ByCode[code];

    private static (string Code, string Name, string Symbol) Read(string entry)
    {
        var parts = entry[4..].Split(';');
        return (entry[..3], parts[0], parts.Length > 1 ? parts[1] : entry[..3]);
    }
}
