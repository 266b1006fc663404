//! Every fix that a pipeline may run is one that Set-SendConnector accepts, and one that fixes.

use exchange_control::control::Catalog;
use exchange_control::evaluate::{ControlResult, Run, Status};
use exchange_control::target::Inventory;
use proptest::prelude::*;
use serde_json::{Value, json};

const DOMAINS: &str = r#"[
    { "DomainName": "contoso.com", "DomainType": "Authoritative" },
    { "DomainName": "branch.contoso.com", "DomainType": "InternalRelay" }
]"#;

fn results(connector: &Value) -> Vec<ControlResult> {
    let catalog = Catalog::built_in();
    let mut inventory = Inventory::new(catalog.properties());
    inventory.read_text("connector", &connector.to_string());
    inventory.read_text("domains", DOMAINS);
    let targets = inventory.finish();
    let results = Run::new(catalog, &targets).results();
    results.filter(|result| result.target.kind == "SendConnector").collect()
}

/// The connector after its fix was run, parameters by their names.
fn fixed(connector: &Value, result: &ControlResult) -> Value {
    let mut connector = connector.clone();
    for (name, value) in &result.remediation.parameters {
        connector[name] = value.clone();
    }
    connector
}

/// What Set-SendConnector demands of the connector that a command leaves behind.
fn broken_rule(connector: &Value) -> Option<&'static str> {
    let is = |name: &str, value: Value| connector[name] == value;
    let hosts = connector["SmartHosts"].as_array().map_or(0, Vec::len);
    let validates = is("TlsAuthLevel", json!("DomainValidation"));
    let rules = [
        ("RequireTLS needs IgnoreSTARTTLS false", is("RequireTLS", json!(true)) && !is("IgnoreSTARTTLS", json!(false))),
        (
            "TlsAuthLevel needs RequireTLS and IgnoreSTARTTLS false",
            !(connector["TlsAuthLevel"].is_null()
                || is("RequireTLS", json!(true)) && is("IgnoreSTARTTLS", json!(false))),
        ),
        ("TlsDomain needs TlsAuthLevel DomainValidation", !connector["TlsDomain"].is_null() && !validates),
        (
            "DomainValidation without DNS routing needs TlsDomain",
            validates && is("DNSRoutingEnabled", json!(false)) && connector["TlsDomain"].is_null(),
        ),
        ("smart hosts exclude DNS routing", hosts > 0 && !is("DNSRoutingEnabled", json!(false))),
        ("without DNS routing there must be smart hosts", hosts == 0 && !is("DNSRoutingEnabled", json!(true))),
        (
            "mutual TLS needs DNS routing, STARTTLS and no front end proxy",
            is("DomainSecureEnabled", json!(true))
                && (!is("DNSRoutingEnabled", json!(true))
                    || !is("IgnoreSTARTTLS", json!(false))
                    || is("FrontendProxyEnabled", json!(true))),
        ),
    ];
    rules.into_iter().find(|(_, broken)| *broken).map(|(rule, _)| rule)
}

/// Any connector that Exchange could hold.
fn any_connector() -> impl Strategy<Value = Value> {
    let spaces = prop_oneof![
        Just(json!(["SMTP:*;1"])),
        Just(json!(["SMTP:contoso.com;1"])),
        Just(json!(["SMTP:branch.contoso.com;1", "SMTP:litware.com;1"])),
        Just(json!(["SMTP:--;1"])),
    ];
    let hosts = prop_oneof![
        Just(json!([])),
        Just(json!(["relay.contoso.com"])),
        Just(json!(["a.contoso.com", "b.contoso.com"])),
        Just(json!(["[192.0.2.10]"])),
    ];
    let name = prop_oneof![Just("Internet"), Just("EdgeSync - Site to Internet"), Just("Bob's $(x) `n \u{2019}")];
    let level = prop_oneof![Just(Value::Null), Just(json!("CertificateValidation")), Just(json!("DomainValidation"))];
    let tls_domain = prop_oneof![Just(Value::Null), Just(json!("mail.contoso.com"))];
    (spaces, hosts, name, level, tls_domain, any::<[bool; 4]>())
        .prop_map(|(spaces, hosts, name, level, tls_domain, [ignore, require, secure, proxy])| {
            json!({
                "Identity": name,
                "Name": name,
                "Enabled": true,
                "AddressSpaces": spaces,
                "DNSRoutingEnabled": hosts == json!([]),
                "SmartHosts": hosts,
                "IgnoreSTARTTLS": ignore,
                "RequireTLS": require,
                "TlsAuthLevel": level,
                "TlsDomain": tls_domain,
                "DomainSecureEnabled": secure,
                "FrontendProxyEnabled": proxy,
                "CloudServicesMailEnabled": false
            })
        })
        .prop_filter("Exchange would not hold it", |connector| broken_rule(connector).is_none())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_fix_is_accepted_and_fixes(connector in any_connector()) {
        for (index, result) in results(&connector).iter().enumerate().filter(|(_, result)| result.status == Status::Fail) {
            let fix = &result.remediation;
            let command = fix.command.clone().unwrap_or_default();
            prop_assert!(!command.is_empty() && !command.contains('\n'));
            prop_assert!(!fix.parameters.contains_key("AddressSpaces"));
            if connector["Identity"].as_str().is_some_and(|name| name.starts_with("EdgeSync")) {
                prop_assert!(!fix.automatable, "{}", command);
            }
            if fix.automatable {
                prop_assert!(!command.contains('<'), "{}", command);
                let after = fixed(&connector, result);
                prop_assert_eq!(broken_rule(&after), None, "{}", command);
                prop_assert_eq!(results(&after)[index].status, Status::Pass, "{}", command);
                for name in fix.parameters.keys() {
                    prop_assert!(command.contains(&format!(" -{name} ")), "{}", command);
                }
            }
        }
    }
}

#[test]
fn fixes_by_the_table() {
    let internal = |more: Value| {
        let mut connector = json!({
            "Identity": "C", "Enabled": true, "AddressSpaces": ["SMTP:contoso.com;1"], "SmartHosts": [],
            "DNSRoutingEnabled": true, "IgnoreSTARTTLS": false, "DomainSecureEnabled": false, "RequireTLS": false,
            "TlsAuthLevel": null, "TlsDomain": null, "FrontendProxyEnabled": false
        });
        for (name, value) in more.as_object().expect("object") {
            connector[name] = value.clone();
        }
        connector
    };
    let smart = |hosts: Value| internal(json!({ "SmartHosts": hosts, "DNSRoutingEnabled": false }));
    let host =
        "-RequireTLS $true -IgnoreSTARTTLS $false -DNSRoutingEnabled $false -TlsAuthLevel DomainValidation -TlsDomain";
    let mutual = "-DomainSecureEnabled $true -DNSRoutingEnabled $true -IgnoreSTARTTLS $false";
    let cases = [
        ("no smart hosts", internal(json!({})), true, mutual.to_owned()),
        ("one smart host", smart(json!(["relay.contoso.com"])), true, format!("{host} 'relay.contoso.com'")),
        ("one smart host, a scalar", smart(json!("relay.contoso.com")), true, format!("{host} 'relay.contoso.com'")),
        ("two of one name", smart(json!(["r.contoso.com", "R.contoso.com"])), true, format!("{host} 'r.contoso.com'")),
        ("two of two names", smart(json!(["a.contoso.com", "b.contoso.com"])), false, format!("{host} <domain>")),
        ("an address", smart(json!(["[192.0.2.10]"])), false, format!("{host} <domain>")),
        (
            "a TLS domain that the admin chose",
            internal(
                json!({ "SmartHosts": ["[192.0.2.10]"], "DNSRoutingEnabled": false, "TlsDomain": "mail.contoso.com" }),
            ),
            true,
            format!("{host} 'mail.contoso.com'"),
        ),
        (
            "through the front end",
            internal(json!({ "FrontendProxyEnabled": true })),
            false,
            format!("{mutual} -FrontendProxyEnabled $false"),
        ),
        ("a name alone", internal(json!({ "Identity": null, "Name": "C" })), true, mutual.to_owned()),
    ];
    for (name, connector, automatable, arguments) in cases {
        let result = results(&connector).remove(1);
        assert_eq!(result.status, Status::Fail, "{name}: {}", result.reason);
        let command = format!("Set-SendConnector -Identity 'C' {arguments}");
        assert_eq!(
            (result.remediation.automatable, result.remediation.command),
            (automatable, Some(command)),
            "{name}"
        );
    }
}

#[test]
fn what_has_no_name_gets_no_command() {
    let connector = json!({
        "Enabled": true, "AddressSpaces": ["SMTP:*;1"], "SmartHosts": [], "DNSRoutingEnabled": true, "IgnoreSTARTTLS": true
    });
    let result = results(&connector).remove(0);
    assert_eq!(result.status, Status::Fail);
    assert_eq!((result.remediation.automatable, result.remediation.command), (false, None));
}

/// A control's text cannot end the comment that it stands in: PowerShell ends one at either line end.
#[test]
fn notes_stay_comments() {
    use exchange_control::control::{Source, load};
    let control = json!({
        "id": "X", "title": "T", "severity": "Low",
        "check": { "target": "SendConnector", "require": { "field": "Enabled", "equals": false } },
        "remediation": {
            "description": "first\rsecond\r\nthird",
            "parameters": [{ "set": { "Enabled": false }, "note": "fourth\nfifth\rsixth" }]
        }
    });
    let control = load(control.to_string().as_bytes(), Source::BuiltIn).expect("a control");
    let mut inventory = Inventory::new(Catalog::built_in().properties());
    inventory.read_text("connector", r#"{"Name":"C","Enabled":true,"IgnoreSTARTTLS":false,"AddressSpaces":["*"]}"#);
    // Enabled is among the properties that the built-in controls read.
    let targets = inventory.finish();
    let target = &targets.all()[0];
    let result = ControlResult::of(&control, target, &exchange_control::evaluate::judge(&control, &target.facts));
    assert_eq!(
        result.remediation.script.as_deref(),
        Some("# first\n# second\n# third fourth\n# fifth\n# sixth\nSet-SendConnector -Identity 'C' -Enabled $false")
    );
}
