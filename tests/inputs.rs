//! What the parsers make of odd, broken and hostile inputs: the results that can be had, and a problem that says where.

use exchange_control::control::Catalog;
use exchange_control::evaluate::{Run, Status};
use exchange_control::problem::Code;
use exchange_control::target::{Inventory, Kind, Properties, Targets};

fn read(text: &str) -> Targets {
    let mut inventory = Inventory::new(Properties::all());
    inventory.read_text("input", text);
    inventory.finish()
}

fn names(targets: &Targets) -> Vec<&str> {
    targets.all().iter().map(|target| target.identity.as_str()).collect()
}

const CONNECTOR: &str = r#"{"Name":"A","Enabled":true,"IgnoreSTARTTLS":false,"AddressSpaces":["SMTP:*;1"]}"#;

/// A connector as CLIXML, `more` among its properties.
fn object(name: &str, more: &str) -> String {
    format!(
        r#"<Obj RefId="0"><MS><S N="Name">{name}</S><B N="IgnoreSTARTTLS">false</B>
           <Obj N="AddressSpaces" RefId="1"><LST><S>SMTP:*;1</S></LST></Obj>{more}</MS></Obj>"#
    )
}

fn clixml(inside: &str) -> String {
    format!(r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">{inside}</Objs>"#)
}

#[test]
fn json_in_every_wrapping() {
    let cases = [
        ("an object", CONNECTOR.to_owned()),
        ("a list", format!("[{CONNECTOR}]")),
        ("a list of lists", format!("[[{CONNECTOR}]]")),
        ("a counted list", format!(r#"{{"value":[{CONNECTOR}],"Count":1}}"#)),
        ("a counted list in a list", format!(r#"[{{"value":[{CONNECTOR}],"Count":1}}]"#)),
        ("layout", format!("\r\n [ {CONNECTOR} ] \r\n")),
    ];
    for (name, text) in cases {
        let targets = read(&text);
        assert_eq!((names(&targets), targets.problems()), (vec!["A"], &[][..]), "{name}");
    }
}

#[test]
fn an_object_is_recognised_by_properties_then_by_type() {
    let cases = [
        (CONNECTOR, Some(Kind::SendConnector)),
        (r#"{"DomainName":"a.com","DomainType":0}"#, Some(Kind::AcceptedDomain)),
        (r#"{"domainname":"a.com","DOMAINTYPE":0}"#, Some(Kind::AcceptedDomain)),
        (
            r#"{"Name":"x","PSTypeName":"Microsoft.Exchange.Data.Directory.SystemConfiguration.SmtpSendConnectorConfig"}"#,
            Some(Kind::SendConnector),
        ),
        (
            r#"{"Name":"x","PSTypeName":"Deserialized.Microsoft.Exchange.Data.Directory.SystemConfiguration.AcceptedDomain"}"#,
            Some(Kind::AcceptedDomain),
        ),
        (r#"{"Name":"x","AddressSpaces":[]}"#, None),
        (r#"{"Name":"x","PSTypeName":"System.String"}"#, None),
    ];
    for (text, expected) in cases {
        let targets = read(text);
        assert_eq!(targets.all().first().map(|target| target.kind), expected, "{text}");
        assert_eq!(targets.problems().len(), usize::from(expected.is_none()), "{text}");
    }
}

#[test]
fn what_is_broken_is_reported_and_the_rest_is_kept() {
    let whole = clixml(&object("A", ""));
    let cases: Vec<(&str, String, &[&str], Code, &str)> = vec![
        ("empty", String::new(), &[], Code::UnreadableInput, "empty"),
        ("blank", " \n".into(), &[], Code::UnreadableInput, "empty"),
        ("text", "hello".into(), &[], Code::UnreadableInput, "neither CLIXML nor JSON"),
        ("cut off JSON", format!("[{CONNECTOR}, {{\"Name\""), &["A"], Code::UnreadableInput, "cut off"),
        ("JSON with a comma too many", format!("[{CONNECTOR},]"), &["A"], Code::UnreadableInput, "line 1"),
        ("two JSON documents", format!("{CONNECTOR}{CONNECTOR}"), &["A"], Code::UnreadableInput, "trailing"),
        ("a number among objects", format!("[7,{CONNECTOR}]"), &["A"], Code::UnknownObject, "found a number"),
        ("null among objects", format!("[null,{CONNECTOR}]"), &["A"], Code::UnknownObject, "found null"),
        ("another object", format!(r#"[{{"a":1}},{CONNECTOR}]"#), &["A"], Code::UnknownObject, "Get-SendConnector"),
        ("a lone string", "\"x\"".into(), &[], Code::UnreadableInput, "neither CLIXML nor JSON"),
        (
            "deep JSON",
            format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
            &[],
            Code::UnknownObject,
            "nested too deep",
        ),
        ("deep JSON never closed", "[".repeat(100_000), &[], Code::UnreadableInput, "cut off"),
        ("cut off CLIXML", whole[..whole.len() - 3].into(), &["A"], Code::UnreadableInput, "not well-formed"),
        ("CLIXML without its end", whole[..whole.len() - 7].into(), &["A"], Code::UnreadableInput, "cut off"),
        ("another root", "<html></html>".into(), &[], Code::UnreadableInput, "expected <Objs>"),
        ("ends that do not match", "<Objs><Obj></Objs></Obj>".into(), &[], Code::UnreadableInput, "not well-formed"),
        (
            "text between objects",
            clixml(&format!("{} x", object("A", ""))),
            &["A"],
            Code::UnreadableInput,
            "unexpected text",
        ),
        ("something after the end", format!("{whole}<Objs/>"), &["A"], Code::UnreadableInput, "after </Objs>"),
        ("a lone value", clixml(&format!("<S>x</S>{}", object("A", ""))), &["A"], Code::UnknownObject, "a lone value"),
        (
            "another object in CLIXML",
            clixml(&format!(r#"<Obj RefId="9"><TN RefId="9"><T>System.Version</T></TN></Obj>{}"#, object("A", ""))),
            &["A"],
            Code::UnknownObject,
            "System.Version",
        ),
        ("a RefId that is none", clixml(r#"<Obj RefId="x"/>"#), &[], Code::UnreadableInput, "RefId"),
        (
            "an entity bomb",
            format!("<!DOCTYPE Objs [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>{}", clixml("<S>&b;</S>")),
            &[],
            Code::UnreadableInput,
            "document type",
        ),
        ("an entity of its own", clixml(&object("&secret;", "")), &[], Code::UnreadableInput, "&secret;"),
        (
            "deep CLIXML",
            clixml(&format!("{}{}", "<Obj><LST>".repeat(100), "</LST></Obj>".repeat(100))),
            &[],
            Code::UnreadableInput,
            "64 levels",
        ),
        (
            "an attribute without quotes",
            clixml(&object("A", "").replace("N=\"Name\"", "N=Name")),
            &[],
            Code::UnreadableInput,
            "not well-formed",
        ),
        ("references that unfold without end", unfolding(8), &[], Code::UnreadableInput, "unfold"),
        (
            "references that never end",
            format!("<Objs><S>{}", "<Ref ".repeat(50_000)),
            &[],
            Code::UnknownObject,
            "a lone value",
        ),
        (
            "deep CLIXML never closed",
            format!("<Objs>{}", "<Obj><LST>".repeat(100_000)),
            &[],
            Code::UnreadableInput,
            "64 levels",
        ),
    ];
    for (name, text, kept, code, part) in cases {
        let targets = read(&text);
        assert_eq!(names(&targets), kept, "{name}");
        let problem = targets.problems().first().unwrap_or_else(|| panic!("{name}: no problem"));
        assert_eq!(problem.code, code, "{name}: {problem}");
        assert!(problem.message.contains(part), "{name}: {problem}");
        assert_eq!(problem.source.as_deref(), Some("input"), "{name}");
    }
}

/// Lists of ten references to lists of ten references, and so on.
fn unfolding(levels: usize) -> String {
    let mut lists = format!(r#"<Obj N="f0" RefId="1"><LST>{}</LST></Obj>"#, "<S>lol</S>".repeat(10));
    for level in 1..levels {
        let inside = format!(r#"<Ref RefId="{level}"/>"#).repeat(10);
        lists += &format!(r#"<Obj N="f{level}" RefId="{}"><LST>{inside}</LST></Obj>"#, level + 1);
    }
    clixml(&format!(
        r#"<Obj RefId="99"><MS>{lists}<B N="IgnoreSTARTTLS">true</B><Ref N="AddressSpaces" RefId="{levels}"/></MS></Obj>"#
    ))
}

#[test]
fn places_are_named() {
    let cases = [
        (format!("[\n{CONNECTOR},\n[{CONNECTOR}, 7]]"), Some("/1/1"), None),
        (format!("[{CONNECTOR},\n{{\"a\":"), None, Some(2)),
        ("<Objs>\n\n<S>x</S>\n</Objs>".to_owned(), None, Some(3)),
        ("<Objs>\n<Obj>\n".to_owned(), None, Some(3)),
    ];
    for (text, path, line) in cases {
        let targets = read(&text);
        let problem = &targets.problems()[0];
        assert_eq!((problem.path.as_deref(), problem.line), (path, line), "{text}: {problem}");
    }
}

#[test]
fn clixml_values() {
    let cases = [
        ("an escaped line feed", r#"<S N="Comment">a_x000A_b</S>"#, "comment", "a\nb"),
        ("an escaped underscore", r#"<S N="Comment">_x005F_x000A_</S>"#, "comment", "_x000A_"),
        ("an escaped pair", r#"<S N="Comment">_xD834__xDD1E_</S>"#, "comment", "𝄞"),
        ("half of a pair", r#"<S N="Comment">_xD834_z</S>"#, "comment", "\u{FFFD}z"),
        ("what only looks escaped", r#"<S N="Comment">_x00_xyz_x_</S>"#, "comment", "_x00_xyz_x_"),
        ("predefined entities", r#"<S N="Comment">&lt;I&gt;&amp;&quot;&apos;&#65;&#x42;</S>"#, "comment", "<I>&\"'AB"),
        ("CDATA", r#"<S N="Comment"><![CDATA[<x>]]></S>"#, "comment", "<x>"),
        ("a comment in it", r#"<S N="Comment">a<!-- b -->c</S>"#, "comment", "ac"),
        ("a time span", r#"<TS N="ConnectionInactivityTimeOut">PT10M</TS>"#, "connectioninactivitytimeout", "00:10:00"),
        ("an escaped name", r#"<S N="Com_x006D_ent">x</S>"#, "comment", "x"),
        (
            "an enumeration",
            r#"<Obj N="TlsAuthLevel" RefId="7"><ToString>DomainValidation</ToString><I32>3</I32></Obj>"#,
            "tlsauthlevel",
            "DomainValidation",
        ),
        ("an enumeration's number", r#"<I32 N="TlsAuthLevel">2</I32>"#, "tlsauthlevel", "CertificateValidation"),
        (
            "a text with notes",
            r#"<Obj N="Comment" RefId="7"><S>x</S><MS><S N="PSComputerName">ex01</S></MS></Obj>"#,
            "comment",
            "x",
        ),
        (
            "an object that was seen",
            r#"<Obj N="Fqdn" RefId="7"><ToString>mail</ToString></Obj><Ref N="Comment" RefId="7"/>"#,
            "comment",
            "mail",
        ),
        (
            "an object seen where nobody looked",
            r#"<Obj N="Unasked" RefId="6"><Props><Obj N="x" RefId="7"><ToString>deep</ToString></Obj></Props></Obj><Ref N="Comment" RefId="7"/>"#,
            "comment",
            "deep",
        ),
        ("an unknown element", r#"<Odd N="X"><Odd/></Odd><S N="Comment">x</S>"#, "comment", "x"),
        (
            "an object of properties",
            r#"<Obj N="Comment" RefId="7"><MS><S N="Text">35 MB</S></MS></Obj>"#,
            "comment",
            "35 MB",
        ),
    ];
    for (name, property, key, expected) in cases {
        let targets = read(&clixml(&object("A", property)));
        assert_eq!(targets.problems(), [], "{name}");
        let value = targets.all()[0].facts.get(key).map(ToString::to_string);
        assert_eq!(value.as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn clixml_in_every_wrapping() {
    let one = object("A", "");
    let cases = [
        ("an object", clixml(&one)),
        ("a list", clixml(&format!(r#"<Obj RefId="9"><LST>{one}</LST></Obj>"#))),
        ("an unknown enumerable", clixml(&format!(r#"<Obj RefId="9"><IE>{one}</IE></Obj>"#))),
        (
            "a dictionary",
            clixml(&format!(
                r#"<Obj RefId="9"><DCT><En><S N="Key">k</S>{}</En></DCT></Obj>"#,
                one.replace("<Obj RefId=\"0\">", "<Obj N=\"Value\" RefId=\"0\">")
            )),
        ),
        ("a declaration", format!("<?xml version=\"1.0\"?>\n<!-- c -->{}", clixml(&one))),
    ];
    for (name, text) in cases {
        let targets = read(&text);
        assert_eq!((names(&targets), targets.problems()), (vec!["A"], &[][..]), "{name}");
    }
}

#[test]
fn secrets_are_never_read() {
    let json = CONNECTOR.replace(
        "\"Enabled\"",
        "\"AuthenticationCredential\":{\"UserName\":\"u\"},\"SerializationData\":\"AAEA\",\"Enabled\"",
    );
    let xml = clixml(&object(
        "A",
        r#"<Obj N="AuthenticationCredential" RefId="5"><ToString>u</ToString></Obj><BA N="SerializationData">AAEA</BA>"#,
    ));
    for text in [json, xml] {
        let targets = read(&text);
        assert_eq!(names(&targets), ["A"]);
        for name in ["authenticationcredential", "serializationdata"] {
            assert!(targets.all()[0].facts.get(name).is_none(), "{name}");
        }
    }
}

#[test]
fn what_contradicts_itself_is_unknown() {
    let cases = [
        r#"{"Name":"A","Enabled":true,"IgnoreSTARTTLS":false,"ignorestarttls":true,"AddressSpaces":["*"],"SmartHosts":[]}"#,
        r#"{"Name":"A","Enabled":true,"IgnoreSTARTTLS":true,"IgnoreSTARTTLS":false,"AddressSpaces":["*"],"SmartHosts":[]}"#,
    ];
    for text in cases {
        let mut inventory = Inventory::new(Catalog::built_in().properties());
        inventory.read_text("input", text);
        let targets = inventory.finish();
        let result = Run::new(Catalog::built_in(), &targets).results().next().expect("it is a connector all the same");
        assert_eq!(result.status, Status::Unknown, "{}", result.reason);
        assert!(result.reason.contains("twice, with different values"), "{}", result.reason);
    }
}

/// A name does not stand in for an identity that contradicts itself: it might be another connector's.
#[test]
fn a_contradictory_identity_is_not_made_up() {
    let text = CONNECTOR.replace("\"Name\":\"A\"", "\"Identity\":\"B\",\"Name\":\"A\",\"Identity\":\"C\"");
    let targets = read(&text);
    let facts = &targets.all()[0].facts;
    assert_eq!((facts.get("identity"), facts.why_missing("identity").is_some()), (None, true));
    assert_eq!(names(&targets), [""]);
}

#[test]
fn a_derived_property_is_not_taken_from_the_input() {
    let text = CONNECTOR.replace("\"Enabled\"", "\"Destinations\":[\"NonSmtp\"],\"Enabled\"");
    let targets = read(&text);
    let destinations = targets.all()[0].facts.get("destinations").map(ToString::to_string);
    assert_eq!(destinations.as_deref(), Some("{Internet}"));
}

/// What could not be read may have held accepted domains: a space that no known one covers is not a partner's.
#[test]
fn an_input_cut_off_makes_no_partner() {
    let connector =
        r#"{"Name":"A","Enabled":true,"IgnoreSTARTTLS":false,"AddressSpaces":["branch.contoso.com"],"SmartHosts":[]}"#;
    let mut inventory = Inventory::new(Catalog::built_in().properties());
    inventory.read_text("connectors", connector);
    inventory.read_text("domains", r#"[{"DomainName":"fabrikam.com","DomainType":0},{"DomainName":"bran"#);
    let targets = inventory.finish();
    let results = Run::new(Catalog::built_in(), &targets).results();
    let of_connectors = results.filter(|result| result.target.kind == "SendConnector");
    for result in of_connectors {
        assert_eq!(result.status, Status::Unknown, "{}", result.reason);
        assert!(result.reason.contains("could not be read in full"), "{}", result.reason);
    }
}

#[test]
fn a_million_problems_are_counted_not_kept() {
    let text = format!("[{}{CONNECTOR}]", "7,".repeat(200_000));
    let targets = read(&text);
    assert_eq!(names(&targets), ["A"]);
    assert!(targets.problems().len() <= 101, "{}", targets.problems().len());
    assert!(targets.problems().last().is_some_and(|problem| problem.message.contains("199900 more problems")));
}
