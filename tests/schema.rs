//! The JSON Schema and the loader accept and refuse the same control files.
//!
//! What a schema cannot say (repeated keys, nesting, size, encoding) is tested with the loader.

use exchange_control::control::{Catalog, SCHEMA, Source, load};
use serde_json::{Value, json};

/// A whole control with one member put in its place, by JSON pointer steps.
fn control_with(pointer: &str, value: Value) -> Value {
    let mut control = json!({
        "id": "X-1", "title": "T", "severity": "High", "severityWeight": 8, "verify": true, "subject": "Organization",
        "description": "D", "category": "C", "frameworks": ["F"], "references": [{ "name": "N", "url": "U" }],
        "considerations": "S", "roles": ["Mailbox"], "stig": { "ruleId": "R", "cci": ["C"] },
        "check": {
            "target": "SendConnector",
            "when": { "field": "Enabled", "equals": true },
            "require": { "field": "IgnoreSTARTTLS", "equals": false }
        },
        "remediation": {
            "automatable": true, "description": "D", "scriptTemplate": "S",
            "parameters": [{ "set": { "IgnoreSTARTTLS": false } }]
        }
    });
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = control.pointer_mut(parent).expect("the parent is there");
    match parent {
        Value::Array(items) => items[name.parse::<usize>().expect("index")] = value,
        parent => parent[name] = value,
    }
    control
}

fn require(condition: Value) -> Value {
    control_with("/check/require", condition)
}

fn fix(fix: Value) -> Value {
    control_with("/remediation/parameters/0", fix)
}

fn leaf(operator: &str, operand: Value) -> Value {
    let mut leaf = json!({ "field": "Port" });
    leaf[operator] = operand;
    require(leaf)
}

fn without(name: &str) -> Value {
    let mut control = control_with("/title", json!("T"));
    control.as_object_mut().expect("object").remove(name);
    control
}

/// What both accept, and what both refuse.
fn corpus() -> Vec<(&'static str, bool, Value)> {
    let on = json!({ "field": "Enabled", "equals": true });
    let mut corpus = vec![
        ("whole", true, control_with("/title", json!("T"))),
        ("not an object", false, json!([])),
        ("no id", false, without("id")),
        ("no title", false, without("title")),
        ("no severity", false, without("severity")),
        ("no check", true, without("check")),
        ("no remediation", true, without("remediation")),
        ("no weight", true, without("severityWeight")),
        ("$schema", true, control_with("/$schema", json!("x"))),
        ("$schema of another type", true, control_with("/$schema", json!("../Schemas/control.schema.json"))),
        ("unknown member", false, control_with("/owner", json!("me"))),
        ("blank title", false, control_with("/title", json!(" "))),
        ("id of another type", false, control_with("/id", json!(7))),
        ("id with a blank", false, control_with("/id", json!("a b"))),
        ("id with a slash", false, control_with("/id", json!("../x"))),
        ("empty id", false, control_with("/id", json!(""))),
        ("severity Critical", true, control_with("/severity", json!("Critical"))),
        ("severity in lower case", false, control_with("/severity", json!("high"))),
        ("weight out of range", true, control_with("/severityWeight", json!(99))),
        ("negative weight", true, control_with("/severityWeight", json!(-1))),
        ("weight 8.0", true, control_with("/severityWeight", json!(8.0))),
        ("weight 8.5", false, control_with("/severityWeight", json!(8.5))),
        ("weight as text", false, control_with("/severityWeight", json!("8"))),
        ("verify as number", false, control_with("/verify", json!(1))),
        ("subject Mailbox", true, control_with("/subject", json!("Mailbox"))),
        ("unknown subject", false, control_with("/subject", json!("Forest"))),
        ("unknown framework", true, control_with("/frameworks", json!(["Our own"]))),
        ("frameworks as text", false, control_with("/frameworks", json!("CIS"))),
        ("reference without url", true, control_with("/references", json!([{ "name": "N" }]))),
        ("reference without name", false, control_with("/references", json!([{ "url": "U" }]))),
        ("reference with more", false, control_with("/references", json!([{ "name": "N", "page": 3 }]))),
        ("stig with more", false, control_with("/stig", json!({ "rule": "R" }))),
        ("roles of numbers", false, control_with("/roles", json!([1]))),
        ("check without target", false, control_with("/check", json!({ "require": on }))),
        ("check of an unknown target", false, control_with("/check/target", json!("Mailbox"))),
        ("check without require", false, control_with("/check", json!({ "target": "SendConnector" }))),
        ("check with more", false, control_with("/check/severity", json!("High"))),
        ("check as list", false, control_with("/check", json!([]))),
        ("probe", true, control_with("/check", json!({ "target": "AcceptedDomain", "probe": "mta-sts" }))),
        (
            "probe with settings",
            true,
            control_with(
                "/check",
                json!({ "target": "AcceptedDomain", "probe": "mta-sts",
                        "settings": { "minimumMode": "enforce", "internalSuffixes": [".local", "corp"] } }),
            ),
        ),
        (
            "probe with an unknown setting",
            false,
            control_with("/check", json!({ "target": "AcceptedDomain", "probe": "mta-sts", "settings": { "a": 1 } })),
        ),
        (
            "probe with an unknown mode",
            false,
            control_with(
                "/check",
                json!({ "target": "AcceptedDomain", "probe": "mta-sts", "settings": { "minimumMode": "strict" } }),
            ),
        ),
        (
            "probe of connectors",
            false,
            control_with("/check", json!({ "target": "SendConnector", "probe": "mta-sts" })),
        ),
        ("unknown probe", false, control_with("/check", json!({ "target": "AcceptedDomain", "probe": "ping" }))),
        ("probe and require", false, control_with("/check/probe", json!("mta-sts"))),
        ("settings without probe", false, control_with("/check/settings", json!({}))),
        (
            "probe, require and settings",
            false,
            control_with(
                "/check",
                json!({ "target": "AcceptedDomain", "probe": "mta-sts", "require": on, "settings": {} }),
            ),
        ),
        (
            "settings as list",
            false,
            control_with("/check", json!({ "target": "AcceptedDomain", "probe": "mta-sts", "settings": [] })),
        ),
        ("empty condition", false, require(json!({}))),
        ("condition as list", false, require(json!([on]))),
        ("field alone", false, require(json!({ "field": "Port" }))),
        ("operator alone", false, require(json!({ "equals": 1 }))),
        ("two operators", false, require(json!({ "field": "Port", "greater": 1, "less": 3 }))),
        ("field with a blank", false, require(json!({ "field": "A B", "equals": 1 }))),
        ("field of another type", false, require(json!({ "field": 7, "equals": 1 }))),
        ("field that holds a secret", false, require(json!({ "field": "authenticationCREDENTIAL", "exists": true }))),
        ("field that is a blob", false, require(json!({ "field": "SerializationData", "exists": true }))),
        ("allOf", true, require(json!({ "allOf": [on, { "anyOf": [on, { "not": on }] }] }))),
        ("empty allOf", false, require(json!({ "allOf": [] }))),
        ("empty anyOf", false, require(json!({ "anyOf": [] }))),
        ("allOf as object", false, require(json!({ "allOf": on }))),
        ("allOf and more", false, require(json!({ "allOf": [on], "not": on }))),
        ("allOf and field", false, require(json!({ "allOf": [on], "field": "Port" }))),
        ("not as list", false, require(json!({ "not": [on] }))),
        ("if then else", true, require(json!({ "if": on, "then": on, "else": on }))),
        ("if without else", false, require(json!({ "if": on, "then": on }))),
        ("if and more", false, require(json!({ "if": on, "then": on, "else": on, "not": on }))),
        ("any", true, require(json!({ "field": "SmartHosts", "any": { "like": "*.contoso.com" } }))),
        (
            "all of many",
            true,
            require(
                json!({ "field": "SmartHosts", "all": { "allOf": [{ "notIn": ["a"] }, { "not": { "equals": "b" } }] } }),
            ),
        ),
        (
            "any with if",
            true,
            require(
                json!({ "field": "SmartHosts", "any": { "if": { "equals": "a" }, "then": { "exists": true }, "else": { "count": 1 } } }),
            ),
        ),
        ("any with a field", false, require(json!({ "field": "SmartHosts", "any": { "field": "A", "equals": 1 } }))),
        (
            "any with two operators",
            false,
            require(json!({ "field": "SmartHosts", "any": { "equals": 1, "like": "a" } })),
        ),
        ("any of any", false, require(json!({ "field": "SmartHosts", "any": { "any": { "equals": 1 } } }))),
        ("any of nothing", false, require(json!({ "field": "SmartHosts", "any": {} }))),
        ("when", true, control_with("/check/when", json!({ "not": on }))),
        ("wrong when", false, control_with("/check/when", json!({ "not": {} }))),
        ("parameters as object", false, control_with("/remediation/parameters", json!({ "set": {} }))),
        ("remediation with more", false, control_with("/remediation/script", json!("x"))),
        ("fix without set", false, fix(json!({}))),
        ("fix that sets nothing", false, fix(json!({ "set": {} }))),
        (
            "fix with all",
            true,
            fix(
                json!({ "when": on, "set": { "A": true, "B": 1, "C": "x", "D": ["a"], "E": null }, "automatable": false, "note": "n", "then": ["Start-X"] }),
            ),
        ),
        ("fix with more", false, fix(json!({ "set": { "A": 1 }, "before": "x" }))),
        ("fix that sets a decimal", false, fix(json!({ "set": { "A": 1.5 } }))),
        ("fix that sets numbers", false, fix(json!({ "set": { "A": [1] } }))),
        ("fix that sets the identity", false, fix(json!({ "set": { "Identity": "x" } }))),
        ("fix that sets a secret", false, fix(json!({ "set": { "AuthenticationCredential": "x" } }))),
        ("fix that sets address spaces", false, fix(json!({ "set": { "AddressSpaces": ["*"] } }))),
        ("fix with a parameter that is none", false, fix(json!({ "set": { "A; calc": 1 } }))),
        ("fix with firstOf", true, fix(json!({ "set": { "A": { "firstOf": ["Fqdn"], "placeholder": "name" } } }))),
        ("fix with firstOf alone", true, fix(json!({ "set": { "A": { "firstOf": ["Fqdn"] } } }))),
        ("fix with empty firstOf", false, fix(json!({ "set": { "A": { "firstOf": [] } } }))),
        ("fix with an object", false, fix(json!({ "set": { "A": { "value": 1 } } }))),
        (
            "fix with a wrong placeholder",
            false,
            fix(json!({ "set": { "A": { "firstOf": ["B"], "placeholder": "a b" } } })),
        ),
        ("fix with a blank command", false, fix(json!({ "set": { "A": 1 }, "then": [" "] }))),
        ("fix with two lines", false, fix(json!({ "set": { "A": 1 }, "then": ["a\nb"] }))),
        ("fix with wrong when", false, fix(json!({ "set": { "A": 1 }, "when": { "field": "A", "is": 1 } }))),
    ];
    let scalars = [json!(true), json!(1), json!(1.5), json!("x")];
    for operator in ["equals", "notEquals", "contains"] {
        corpus.extend(scalars.iter().map(|scalar| (operator, true, leaf(operator, scalar.clone()))));
        corpus.extend([json!(null), json!([1]), json!({})].map(|wrong| (operator, false, leaf(operator, wrong))));
    }
    for operator in ["in", "notIn"] {
        corpus.push((operator, true, leaf(operator, json!(scalars))));
        corpus.extend(
            [json!("x"), json!([]), json!([null]), json!([[1]])].map(|wrong| (operator, false, leaf(operator, wrong))),
        );
    }
    for operator in ["like", "notLike"] {
        corpus.push((operator, true, leaf(operator, json!("a*"))));
        corpus.extend([json!(1), json!(["a"])].map(|wrong| (operator, false, leaf(operator, wrong))));
    }
    for operator in ["greater", "greaterOrEquals", "less", "lessOrEquals"] {
        let quantities = [
            "35 MB",
            "10KB",
            "1.5 GB",
            "35 MB (36,700,160 bytes)",
            "Unlimited",
            "unlimited",
            "00:10:00",
            "1.02:03:04.5",
            "25",
            "-1.5",
        ];
        corpus.extend(quantities.map(|quantity| (operator, true, leaf(operator, json!(quantity)))));
        corpus.extend([json!(25), json!(1.5), json!(-3)].map(|number| (operator, true, leaf(operator, number))));
        let wrong = ["big", "35 XB", "24:00:00", "00:60:00", "1.2.3", "", "MB", "-1 MB"];
        corpus.extend(wrong.map(|wrong| (operator, false, leaf(operator, json!(wrong)))));
        corpus.extend([json!(true), json!([1]), json!(null)].map(|wrong| (operator, false, leaf(operator, wrong))));
    }
    corpus.extend([json!(true), json!(false)].map(|truth| ("exists", true, leaf("exists", truth))));
    corpus.extend([json!("yes"), json!(1)].map(|wrong| ("exists", false, leaf("exists", wrong))));
    corpus.extend(
        [json!(0), json!(2), json!({ "greater": 0 }), json!({ "notEquals": 1 })]
            .map(|count| ("count", true, leaf("count", count))),
    );
    corpus.extend(
        [
            json!(-1),
            json!(1.5),
            json!("2"),
            json!({}),
            json!({ "about": 1 }),
            json!({ "less": -1 }),
            json!({ "less": 3, "greater": 1 }),
        ]
        .map(|wrong| ("count", false, leaf("count", wrong))),
    );
    corpus.extend(
        ["Equals", "is", "matches", "regex"].map(|operator| ("unknown operator", false, leaf(operator, json!(1)))),
    );
    corpus
}

#[test]
fn schema_and_loader_agree() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    for (name, accepted, control) in corpus() {
        let loaded = load(control.to_string().as_bytes(), Source::BuiltIn);
        assert_eq!(loaded.is_ok(), accepted, "loader: {name}: {control}: {:?}", loaded.err());
        assert_eq!(validator.is_valid(&control), accepted, "schema: {name}: {control}");
    }
}

#[test]
fn the_built_in_controls_are_as_the_schema_says() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("module/ExchangeControl/Controls");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        let control: Value = serde_json::from_slice(&std::fs::read(&path).expect("file")).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&control).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        count += 1;
    }
    assert_eq!(count, Catalog::built_in().controls().len());
}
