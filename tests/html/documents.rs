//! The documents whose pages are looked at.

use std::path::Path;

use exchange_control::control::Catalog;
use exchange_control::evaluate::{Counts, Run};
use exchange_control::probe::Network;
use exchange_control::report::html::{self, Trend};
use exchange_control::report::{Document, DocumentSource, RunSource};
use exchange_control::review::TrendPoint;
use exchange_control::target::Inventory;
use serde_json::{Value, json};

/// Names that try to be more than text.
pub const HOSTILE: [&str; 6] = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "\" onmouseover=\"alert(3)\" '",
    "</details></style><svg onload=alert(4)>",
    "\u{202e}gpj.exe\u{200f}",
    "{{ 7 * 7 }} {% raw %} &lt;b&gt; &amp;",
];

/// A result; what is not said is as most have it.
pub fn result(control: &str, severity: &str, status: &str, identity: &str) -> Value {
    let frameworks = match severity {
        "High" => json!(["Best Practice", "CIS"]),
        "Medium" => json!(["DISA"]),
        _ => json!(["NIS2", "CIS"]),
    };
    let (command, script) = match status {
        "Fail" => {
            let command = format!("Set-SendConnector -Identity '{identity}' -IgnoreSTARTTLS $false");
            (json!(command), json!(format!("# Let it use STARTTLS.\n{command}")))
        }
        _ => (Value::Null, Value::Null),
    };
    json!({
        "controlId": control, "title": format!("What {control} asks of connectors"), "category": "Transport Security",
        "severity": severity, "severityWeight": 5, "frameworks": frameworks,
        "target": { "kind": "SendConnector", "identity": identity }, "status": status,
        "reason": match status {
            "Fail" => "IgnoreSTARTTLS is True, but must be False",
            "Pass" => "IgnoreSTARTTLS is False",
            "Unknown" => "IgnoreSTARTTLS is missing from the input",
            _ => "Enabled is False: the control does not apply",
        },
        "evidence": [{ "field": "IgnoreSTARTTLS", "operator": "equals", "expected": false, "actual": status == "Fail",
            "status": if status == "NotApplicable" { "Pass" } else { status } }],
        "issues": [],
        "remediation": { "automatable": status == "Fail", "description": "Let it use STARTTLS.", "parameters": {},
            "command": command, "script": script },
        "considerations": "Mail that went through in clear text may stop.",
        "references": [{ "name": "RFC 3207", "url": "https://www.rfc-editor.org/rfc/rfc3207" }]
    })
}

/// The document of some results.
pub fn document(results: Vec<Value>, errors: Value) -> Document {
    let count = |status: &str| results.iter().filter(|result| result["status"] == status).count();
    let accepted = |status: &str| {
        results.iter().filter(|result| result["status"] == status && !result["exception"].is_null()).count()
    };
    let counts = json!({ "Pass": count("Pass"), "Fail": count("Fail"), "Unknown": count("Unknown"),
        "NotApplicable": count("NotApplicable"), "Excepted": accepted("Fail") + accepted("Unknown"),
        "ExceptedFail": accepted("Fail") });
    let frameworks = json!([{ "name": "Best Practice", "score": 0.0 }, { "name": "CIS", "score": 61.54 },
        { "name": "DISA", "score": 100.0 }, { "name": "NIS2", "score": null }]);
    serde_json::from_value(json!({
        "schemaVersion": 1, "tool": { "name": "exchange-control", "version": "1.2.3" },
        "generated": "2026-03-04T05:06:07Z", "results": results, "errors": errors,
        "summary": { "counts": counts, "score": 61.54, "controls": [], "frameworks": frameworks }
    }))
    .expect("a document")
}

/// One of everything: statuses, severities, changes, accepted risks, issues, errors, hostile names.
pub fn everything() -> Document {
    let mut results = vec![
        result("XC-HIGH", "High", "Pass", "To the Internet"),
        result("XC-HIGH", "High", "Fail", "Newsletter gateway"),
        result("XC-HIGH", "High", "Unknown", "Migration test"),
        result("XC-HIGH", "High", "NotApplicable", "Fax gateway"),
        result("XC-MEDIUM", "Medium", "Fail", "Partner Fabrikam"),
        result("XC-MEDIUM", "Medium", "Fail", "Partner Litware"),
        result("XC-MEDIUM", "Medium", "Pass", "Subsidiary Tailspin"),
        result("XC-CRITICAL", "Critical", "Pass", "To the Internet"),
    ];
    results[1]["change"] = json!("new");
    results[4]["change"] = json!("stillFailing");
    results[6]["change"] = json!("fixed");
    results[5]["exception"] = json!({ "justification": "Litware replaces its server in June; the mail holds nothing secret.",
        "owner": "Mail team", "expires": "2026-06-30" });
    results[4]["issues"] = json!([
        { "code": "mx-uncovered", "severity": "error", "message": "The MX host mx2.fabrikam.example is not covered by the policy." },
        { "code": "max-age-short", "severity": "warning", "message": "The policy is kept for a day alone." },
        { "code": "mode-testing", "severity": "info", "message": "The policy is in mode testing." }
    ]);
    for name in HOSTILE {
        let mut hostile = result("XC-LOW", "Low", "Fail", name);
        hostile["reason"] = json!(name);
        hostile["frameworks"] = json!([name]);
        hostile["references"] = json!([{ "name": name, "url": "javascript:alert(5)" }]);
        hostile["evidence"][0]["actual"] = json!(name);
        results.push(hostile);
    }
    results.push(result("XC-LOW", "Low", "Fail", &"very-long-name-".repeat(40)));
    let errors = json!([{ "code": "unreadable-input", "message": "expected a value, found <b>end of file</b>",
        "source": "connectors.json", "path": null, "line": 12 }]);
    let mut document = document(results, errors);
    let gone = |control: &str, identity: &str, status: &str| json!({ "controlId": control, "target": { "kind": "SendConnector", "identity": identity }, "status": status });
    let comparison = json!({ "since": "2026-02-28T23:59:59Z", "onlyNew": false, "new": 1, "fixed": 1, "stillFailing": 1,
        "changedEvidence": 0, "unchanged": 1200, "newFail": 1, "newUnknown": 0,
        "removed": [gone("XC-HIGH", "Old gateway", "Fail"), gone("XC-LOW", HOSTILE[0], "Pass")] });
    document.summary.comparison = Some(serde_json::from_value(comparison).expect("a comparison"));
    document
}

/// What 2,000 domains come to under three controls, with as much evidence as a probe gives.
pub fn many() -> Document {
    let fields = [
        "TxtRecord",
        "PolicyUrl",
        "Address",
        "HttpStatus",
        "ContentType",
        "TlsVersion",
        "CertificateSubject",
        "CertificateIssuer",
        "CertificateNotAfter",
        "PolicyBody",
        "Mode",
        "MaxAge",
        "Mx",
        "MxHosts",
        "DnsMilliseconds",
        "ConnectMilliseconds",
        "HandshakeMilliseconds",
        "HeadersMilliseconds",
        "BodyMilliseconds",
    ];
    let mut results = Vec::new();
    for (control, severity) in [("XC-HIGH", "High"), ("XC-MEDIUM", "Medium"), ("XC-LOW", "Low")] {
        for number in 0..2000 {
            let status = ["Fail", "Pass", "Pass", "Unknown", "NotApplicable", "Pass"][number % 6];
            let mut result = result(control, severity, status, &format!("domain{number:04}.contoso.com"));
            if severity == "Medium" {
                let evidence = fields.map(|field| {
                    json!({ "field": field, "operator": "observed", "expected": null,
                    "actual": format!("what was seen of {field}"), "status": "Pass" })
                });
                result["evidence"] = json!(evidence);
                if status == "Fail" {
                    result["remediation"]["command"] = Value::Null;
                    result["remediation"]["script"] = json!("# Publish this policy and then the record.\n".repeat(12));
                }
            }
            results.push(result);
        }
    }
    document(results, json!([]))
}

/// Earlier documents than [`everything`].
pub fn trend() -> Trend {
    let point = |month: usize, score: Option<f64>, fail: usize| TrendPoint {
        generated: format!("2025-{month:02}-04T05:06:07Z"),
        score,
        counts: Counts { fail, pass: 20 - fail, ..Counts::default() },
    };
    let scores =
        [(4, 20.0, 14), (5, 22.5, 13), (6, 31.0, 12), (8, 31.0, 12), (9, 48.0, 9), (10, 44.0, 10), (11, 58.5, 8)];
    let mut points: Vec<_> = scores.iter().map(|(month, score, fail)| point(*month, Some(*score), *fail)).collect();
    points.push(point(7, None, 0));
    Trend { points }
}

/// The page of a document.
pub fn page(document: Document, trend: Trend) -> Vec<u8> {
    let mut page = Vec::new();
    html::write(&mut DocumentSource::new(document), trend, &mut page).expect("memory takes it");
    page
}

/// The page of the example that ships, with no network asked.
pub fn example() -> Vec<u8> {
    let catalog = Catalog::built_in();
    let mut inventory = Inventory::new(catalog.properties());
    inventory.read_path(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/contoso"));
    let targets = inventory.finish();
    let run = Run::new(catalog, &targets);
    let network = Network { offline: true, ..Network::default() };
    let scan = run.scan(&network, exchange_control::evaluate::Order::Document).expect("settings");
    let mut page = Vec::new();
    html::write(&mut RunSource::new(run, scan, |_| ()), Trend::default(), &mut page).expect("memory takes it");
    page
}
