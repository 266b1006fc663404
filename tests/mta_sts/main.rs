//! The conformance of the MTA-STS probe: whole runs against a lab of real servers on loopback.
//!
//! [`rules`] is the table. All its domains are asked in one run at once, so every test of it also shows that one bad
//! domain never touches another.

#[path = "../lab/mod.rs"]
mod lab;
mod rules;
mod scan;

use std::collections::{BTreeMap, HashSet};
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use exchange_control::evaluate::{ControlResult, IssueSeverity, Order, Status};
use exchange_control::probe::mta_sts::Code;
use exchange_control::probe::{Network, Roots};

use lab::{Address, Answer, Ask, Domain, Fault, Handshake, Lab, Latency, Table, Transport, Tunnel};
use rules::{REDIRECT_TARGET, RULES, Rule};
use scan::{Results, codes, scan, scan_with};

/// Long enough for a busy machine, short enough to wait for.
const TIMEOUT: Duration = Duration::from_secs(4);

/// The rules that this machine can be asked about: some need IPv6 on loopback.
fn rules() -> Vec<&'static Rule> {
    RULES.iter().filter(|rule| lab::has_ipv6() || !rule.needs_ipv6()).collect()
}

/// Domains that are asked about at once. Wine passes every packet through one server, which loses some of many.
const AT_ONCE: usize = if cfg!(windows) { 12 } else { 128 };

/// What a domain came to, and what was expected of it.
fn difference(results: &Results, domain: &str, rule: &Rule) -> Option<String> {
    let Some(result) = results.get(domain) else { return Some(format!("{domain}: no result")) };
    let expected: Vec<&str> = rule.codes.iter().map(|code| code.name()).collect();
    (result.status != rule.status || codes(result) != expected).then(|| {
        format!(
            "{} {}: expected {:?} {expected:?}, but it is {:?} {:?}: {}",
            rule.id,
            rule.name,
            rule.status,
            result.status,
            codes(result),
            result.reason
        )
    })
}

fn assert_none(differences: Vec<String>) {
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

/// A lab with one domain for each rule.
fn lab_of_all_rules() -> Lab {
    let mut table = Table::new();
    table.domain(REDIRECT_TARGET.strip_prefix("mta-sts.").unwrap());
    for rule in rules() {
        (rule.change)(table.domain(&rule.domain()));
    }
    table.start()
}

#[test]
fn every_rule() {
    let lab = lab_of_all_rules();
    let names: Vec<String> = rules().into_iter().map(Rule::domain).collect();
    let results = scan(&names, &Network { timeout: TIMEOUT, throttle: AT_ONCE, ..lab.network() });
    assert_none(rules().into_iter().filter_map(|rule| difference(&results, &rule.domain(), rule)).collect());
    errors_agree_with_the_status(&results);
    evidence_is_there_whatever_the_verdict(&results);
    reasons_name_what_matters(&results);
    requests_are_as_the_rfc_has_them(&lab);
    nobody_follows_the_redirect(&lab);
    no_other_name_was_asked(&lab, &names);
}

fn errors_agree_with_the_status(results: &Results) {
    for (domain, result) in results {
        let error = result.issues.iter().any(|issue| issue.severity == IssueSeverity::Error);
        match result.status {
            Status::Fail => assert!(error, "{domain} fails without an error: {:?}", result.issues),
            Status::Pass | Status::NotApplicable => {
                assert!(!error, "{domain} is {:?} with an error: {:?}", result.status, result.issues);
            }
            Status::Unknown => {}
        }
        assert!(!result.reason.is_empty(), "{domain} has no reason");
    }
}

fn evidence_is_there_whatever_the_verdict(results: &Results) {
    let fields = |result: &ControlResult| -> Vec<String> {
        result.evidence.iter().map(|evidence| evidence.field.clone()).collect()
    };
    let every_field = fields(&results[&RULES[0].domain()]);
    for (domain, result) in results {
        assert_eq!(fields(result), every_field, "{domain}");
    }
    // A certificate that was refused is the one that has to be looked at.
    for rule in
        RULES.iter().filter(|rule| rule.id == "H2" && !rule.codes.is_empty() && rule.name != "unrecognized name")
    {
        let domain = rule.domain();
        for (field, expected) in
            [("CertificateSubject", format!("CN=mta-sts.{domain}")), ("Address", "127.0.0.1".into())]
        {
            let evidence = results[&domain].evidence.iter().find(|evidence| evidence.field == field).unwrap();
            assert!(evidence.actual.to_string().contains(&expected), "{domain}: {evidence:?}");
        }
    }
}

fn reasons_name_what_matters(results: &Results) {
    for (id, name, word) in rules::NAMED {
        let rule = RULES.iter().find(|rule| (rule.id, rule.name) == (*id, *name)).unwrap();
        let reason = &results[&rule.domain()].reason;
        assert!(reason.contains(word), "{id} {name}: the reason does not name {word}: {reason}");
    }
}

/// One GET for each host at most, and exactly one where the verdict rests on what the host answered.
fn requests_are_as_the_rfc_has_them(lab: &Lab) {
    for rule in rules() {
        let domain = rule.domain();
        let host = format!("mta-sts.{domain}");
        let requests = lab.requests(&host);
        let fetched = rule.status == Status::Pass || ["H4", "H5", "H6"].contains(&rule.id) || rule.id.starts_with('P');
        assert!(requests.len() <= 1, "{domain} was asked {} times", requests.len());
        assert!(!fetched || requests.len() == 1, "{domain} was not asked");
        for request in requests {
            assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/.well-known/mta-sts.txt"));
            assert_eq!(request.sni, host);
            assert_eq!(request.header("host"), [host.as_str()]);
            for credential in ["cookie", "authorization", "proxy-authorization"] {
                assert_eq!(request.header(credential), [""; 0], "{domain}");
            }
        }
    }
}

fn nobody_follows_the_redirect(lab: &Lab) {
    assert_eq!(lab.hellos(REDIRECT_TARGET), 0);
    assert!(lab.questions().iter().all(|question| !question.name.contains("redirected")));
}

/// The record's name, the domain, the policy host, and what these are aliases of: no parent domain, no search list.
fn no_other_name_was_asked(lab: &Lab, domains: &[String]) {
    let known: HashSet<String> = domains
        .iter()
        .flat_map(|domain| [format!("{domain}."), format!("_mta-sts.{domain}."), format!("mta-sts.{domain}.")])
        .collect();
    let is_alias = |name: &str| known.iter().any(|known| name.ends_with(&format!(".{known}")));
    for question in lab.questions() {
        assert!(known.contains(&question.name) || is_alias(&question.name), "{question:?}");
    }
}

#[test]
fn names_that_nobody_is_asked_about() {
    let lab = Table::new().start();
    let not_applicable = [
        "*",
        "contoso",
        "localhost",
        "contoso.local",
        "contoso.lan",
        "contoso.internal",
        "contoso.corp",
        "contoso.home",
        "contoso.home.arpa",
        "contoso.localdomain",
        "contoso.localhost",
        "contoso.test",
        "contoso.invalid",
        "contoso.example",
        "contoso.onmicrosoft.com",
        "contoso.mail.onmicrosoft.com",
        "CONTOSO.LOCAL.",
    ];
    let results = scan(&not_applicable, &lab.network());
    for name in not_applicable {
        assert_eq!(results[name].status, Status::NotApplicable, "{name}: {}", results[name].reason);
    }
    assert_eq!(lab.questions(), []);
    assert_eq!(lab.connections(), (0, 0));
}

#[test]
fn names_are_read_as_exchange_writes_them() {
    let mut table = Table::new();
    table.domain("contoso.com");
    table.domain("subsidiaries.contoso.com");
    table.domain("xn--bcher-kva.contoso.com");
    let lab = table.start();
    let cases = [
        (" Contoso.COM. ", vec![]),
        ("*.subsidiaries.contoso.com", vec!["subdomains"]),
        ("b\u{fc}cher.contoso.com", vec![]),
    ];
    let results = scan(&cases.each_ref().map(|(name, _)| *name), &lab.network());
    for (name, expected) in cases {
        let result = &results[name.trim()];
        assert_eq!((result.status, codes(result)), (Status::Pass, expected), "{name}: {}", result.reason);
    }
    for host in ["mta-sts.contoso.com", "mta-sts.subsidiaries.contoso.com", "mta-sts.xn--bcher-kva.contoso.com"] {
        assert_eq!(lab.requests(host).len(), 1, "{host}");
    }
}

#[test]
fn a_domain_that_is_named_twice_is_asked_once() {
    let mut table = Table::new();
    table.domain("contoso.com");
    let lab = table.start();
    let results = scan(&["contoso.com", "CONTOSO.com", "contoso.com."], &lab.network());
    assert_eq!(results.len(), 1, "{:?}", results.keys());
    assert_eq!(lab.requests("mta-sts.contoso.com").len(), 1);
    let questions: Vec<_> = lab.questions().into_iter().map(|question| (question.name, question.kind)).collect();
    let distinct: HashSet<_> = questions.iter().collect();
    assert_eq!(distinct.len(), questions.len(), "{questions:?}");
}

#[test]
fn what_the_lab_does_not_know_is_not_applicable() {
    let lab = Table::new().start();
    let results = scan(&["gone.contoso.com"], &lab.network());
    assert_eq!(results["gone.contoso.com"].status, Status::NotApplicable);
}

#[test]
fn an_address_that_the_internet_does_not_see_is_not_connected_to() {
    let private =
        ["10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1", "0.0.0.0", "fc00::1", "fe80::1"];
    let mut table = Table::new();
    table.domain("loopback.contoso.com");
    table.domain("loopback6.contoso.com").addresses(&[Address::ServedV6]);
    table.domain("mapped.contoso.com").addresses(&[Address::Elsewhere("::ffff:127.0.0.1".parse().unwrap())]);
    for (number, address) in private.iter().enumerate() {
        table
            .domain(&format!("private{number}.contoso.com"))
            .addresses(&[Address::Elsewhere(address.parse().unwrap())]);
    }
    let lab = table.start();
    let mut names = vec!["loopback.contoso.com".into(), "loopback6.contoso.com".into(), "mapped.contoso.com".into()];
    names.extend((0..private.len()).map(|number| format!("private{number}.contoso.com")));
    let results = scan(&names, &Network { allow_private_addresses: false, ..lab.network() });
    for name in &names {
        let result = &results[name];
        assert_eq!((result.status, codes(result)), (Status::Unknown, vec!["private-address"]), "{name}");
    }
    assert_eq!(lab.connections(), (0, 0));
}

#[test]
fn proxies() {
    let cases: [(&str, fn(&mut Domain) -> &mut Domain, Status, &[Code]); 10] = [
        ("right", |d| d.tunnel(Tunnel::Right), Status::Pass, &[]),
        ("forbidden", |d| d.tunnel(Tunnel::Refused(403)), Status::Unknown, &[Code::ProxyError]),
        ("credentials", |d| d.tunnel(Tunnel::Refused(407)), Status::Unknown, &[Code::ProxyError]),
        ("gateway", |d| d.tunnel(Tunnel::Refused(502)), Status::Unknown, &[Code::ProxyError]),
        ("redirect", |d| d.tunnel(Tunnel::Refused(302)), Status::Unknown, &[Code::ProxyError]),
        ("silent", |d| d.tunnel(Tunnel::Silence), Status::Unknown, &[Code::ProxyError]),
        ("closed", |d| d.tunnel(Tunnel::Closed), Status::Unknown, &[Code::ProxyError]),
        ("garbage", |d| d.tunnel(Tunnel::Garbage), Status::Unknown, &[Code::ProxyError]),
        ("endless", |d| d.tunnel(Tunnel::EndlessHeaders), Status::Unknown, &[Code::ProxyError]),
        ("stalled", |d| d.handshake(Handshake::Stalled), Status::Fail, &[Code::FetchTimeout]),
    ];
    let mut table = Table::new();
    for (name, change, ..) in cases {
        change(table.domain(&format!("{name}.contoso.com")));
    }
    let lab = table.start();
    let names = cases.map(|(name, ..)| format!("{name}.contoso.com"));
    let results = scan(&names, &Network { timeout: TIMEOUT, ..lab.network_through_proxy() });
    let rules = cases.map(|(name, change, status, codes)| Rule { id: "proxy", name, change, status, codes });
    assert_none(rules.iter().zip(&names).filter_map(|(rule, name)| difference(&results, name, rule)).collect());
    let mut tunnels = lab.tunnels();
    tunnels.sort();
    let mut expected = names.map(|name| format!("mta-sts.{name}:443"));
    expected.sort();
    assert_eq!(tunnels, expected);
    let requests = lab.requests("mta-sts.right.contoso.com");
    assert_eq!(
        requests.iter().map(|request| request.header("host")).collect::<Vec<_>>(),
        [["mta-sts.right.contoso.com"]]
    );
}

#[test]
fn a_proxy_that_is_not_there() {
    let mut table = Table::new();
    table.domain("contoso.com");
    let lab = table.start();
    let mut network = lab.network_through_proxy();
    network.proxy.as_mut().unwrap().host = "127.77.0.1".to_owned();
    let results = scan(&["contoso.com"], &network);
    let result = &results["contoso.com"];
    assert_eq!((result.status, codes(result)), (Status::Unknown, vec!["proxy-error"]), "{}", result.reason);
}

#[test]
fn minimum_modes() {
    use Status::{Fail, Pass};
    let modes = ["none", "testing", "enforce"];
    let expected = [[Pass, Pass, Pass], [Fail, Pass, Pass], [Fail, Fail, Pass]];
    let mut table = Table::new();
    for mode in modes {
        table.domain(&format!("{mode}.contoso.com")).change("enforce", mode);
    }
    let lab = table.start();
    let names = modes.map(|mode| format!("{mode}.contoso.com"));
    for (minimum, expected) in modes.into_iter().zip(expected) {
        let results = scan_with(&format!(r#"{{ "minimumMode": "{minimum}" }}"#), &names, &lab.network());
        let statuses = names.each_ref().map(|name| results[name].status);
        assert_eq!(statuses, expected, "minimumMode {minimum}");
    }
}

#[test]
fn evidence() {
    let mut table = Table::new();
    table.domain("contoso.com").mx(&["mail.@", "backup.@"]).append("mx: *.contoso.com\r\n");
    let lab = table.start();
    let results = scan(&["contoso.com"], &lab.network());
    let result = &results["contoso.com"];
    assert_eq!(result.status, Status::Pass, "{}", result.reason);
    let found: BTreeMap<&str, String> =
        result.evidence.iter().map(|evidence| (evidence.field.as_str(), evidence.actual.to_string())).collect();
    let exact = [
        ("TxtRecord", r#""v=STSv1; id=20240601T120000;""#),
        ("PolicyUrl", r#""https://mta-sts.contoso.com/.well-known/mta-sts.txt""#),
        ("HttpStatus", "200"),
        ("TlsVersion", r#""TLS 1.3""#),
        ("CertificateSubject", r#""CN=mta-sts.contoso.com""#),
        ("CertificateIssuer", r#""CN=Lab Root""#),
        ("CertificateNotAfter", r#""2099-01-01T00:00:00Z""#),
        ("Mode", r#""enforce""#),
        ("MaxAge", "604800"),
        ("Mx", r#"["mail.contoso.com","*.contoso.com"]"#),
        ("MxHosts", r#"["mail.contoso.com","backup.contoso.com"]"#),
    ];
    for (field, expected) in exact {
        assert_eq!(found.get(field).map(String::as_str), Some(expected), "{field} in {found:#?}");
    }
    assert!(found.get("Address").is_some_and(|address| address.contains("127.0.0.1")), "{found:#?}");
    assert!(result.evidence.iter().all(|evidence| evidence.status == Status::Pass), "{:#?}", result.evidence);
}

/// Domains whose policy hosts take the connection and say nothing.
fn lab_of_silent_hosts(addresses: u16, names: &[String]) -> Lab {
    let mut table = Table::new();
    table.addresses(addresses);
    for name in names {
        table.domain(name).answer(Answer::Silence);
    }
    table.start()
}

#[test]
fn connections_at_once() {
    // What is asked of 40 domains: how many addresses they are spread over, the throttle, and the connections then.
    for (addresses, throttle, expected) in [(1, 40, 16), (2, 40, 32), (40, 40, 40), (40, 4, 4)] {
        let names = numbered(40);
        let lab = lab_of_silent_hosts(addresses, &names);
        let network = Network { timeout: Duration::from_secs(60), throttle, ..lab.network() };
        let _scan = scan::begin(&names, &network);
        let until = Instant::now() + Duration::from_secs(10);
        while lab.open_connections() < expected && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        // Whoever is one too many has time to come.
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(lab.most_connections(), expected, "{addresses} addresses, throttle {throttle}");
    }
}

#[test]
fn waiting_for_a_connection_takes_nothing_from_the_deadline() {
    // 16 at a time, with three flights each: the last ones wait for longer than a whole fetch may take.
    let mut table = Table::new();
    table.latency(Latency { flight: Duration::from_millis(300), ..Latency::default() });
    let names = numbered(80);
    names.iter().for_each(|name| _ = table.domain(name));
    let lab = table.start();
    let begun = Instant::now();
    let timeout = Duration::from_millis(1500);
    assert_all_pass(&scan(&names, &Network { timeout, ..lab.network() }), &names);
    assert!(begun.elapsed() > timeout, "nobody had to wait");
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("d{number}.contoso.com")).collect()
}

fn assert_all_pass(results: &Results, names: &[String]) {
    for name in names {
        assert_eq!(results[name].status, Status::Pass, "{name}: {}", results[name].reason);
    }
}

#[test]
fn a_bad_dns_server_is_not_the_last_word() {
    for fault in [Fault::Silence, Fault::Refused, Fault::ServFail, Fault::Garbage] {
        for servers in [[Some(fault), None], [None, Some(fault)]] {
            let mut table = Table::new();
            table.dns_servers(servers);
            let names = numbered(20);
            names.iter().for_each(|name| _ = table.domain(name));
            let lab = table.start();
            assert_all_pass(&scan(&names, &lab.network()), &names);
        }
    }
}

#[test]
fn no_dns_server_is_there() {
    let mut table = Table::new();
    table.domain("contoso.com");
    let lab = table.start();
    let nobody = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let results = scan(&["contoso.com"], &Network { dns_servers: vec![nobody], timeout: TIMEOUT, ..lab.network() });
    let result = &results["contoso.com"];
    assert_eq!(result.status, Status::Unknown);
    assert!(codes(result).contains(&"dns-error"), "{:?}", result.issues);
    assert!(result.reason.contains(&nobody.ip().to_string()), "{}", result.reason);
}

#[test]
fn truncated_answers_are_asked_for_again_over_tcp() {
    let mut table = Table::new();
    table.domain("contoso.com").dns(Ask::Record, Fault::Truncated);
    let lab = table.start();
    assert_eq!(scan(&["contoso.com"], &lab.network())["contoso.com"].status, Status::Pass);
    let asked: Vec<Transport> = lab
        .questions()
        .iter()
        .filter(|question| question.name == "_mta-sts.contoso.com.")
        .map(|question| question.transport)
        .collect();
    assert_eq!(asked, [Transport::Udp, Transport::Tcp]);
}

#[test]
fn roots() {
    let mut table = Table::new();
    table.domain("contoso.com");
    let lab = table.start();
    let results = scan(&["contoso.com"], &Network { roots: Roots::Mozilla, ..lab.network() });
    let result = &results["contoso.com"];
    assert_eq!((result.status, codes(result)), (Status::Fail, vec!["tls-untrusted"]), "{}", result.reason);
}

#[test]
fn documents_have_the_order_of_the_input() {
    let mut table = Table::new();
    let names = numbered(6);
    for (name, delay) in names.iter().zip([300, 0, 200, 0, 100, 0]) {
        table.domain(name).dns(Ask::Record, Fault::Late(Duration::from_millis(delay)));
    }
    let lab = table.start();
    assert_eq!(scan::in_order(&names, &lab.network(), Order::Document), names);
    let as_they_come = scan::in_order(&names, &lab.network(), Order::AsTheyCome);
    assert_eq!(as_they_come[3..], ["d4.contoso.com", "d2.contoso.com", "d0.contoso.com"]);
}

#[test]
fn offline() {
    let mut table = Table::new();
    table.domain("contoso.com");
    let lab = table.start();
    let results = scan(&["contoso.com"], &Network { offline: true, ..lab.network() });
    assert_eq!(results["contoso.com"].status, Status::Unknown);
    assert_eq!((lab.questions(), lab.connections()), (vec![], (0, 0)));
}

/// How many domains a random run has.
const MANY: usize = 2_000;

#[test]
fn random_faults() {
    // Two at once: a seed spends half its time waiting for those that keep silent.
    let seeds: Vec<u64> = (1..=10).collect();
    std::thread::scope(|scope| {
        seeds.chunks(5).for_each(|seeds| drop(scope.spawn(|| seeds.iter().for_each(random_faults_of))))
    });
}

fn random_faults_of(seed: &u64) {
    let rules = rules();
    let mut random = SplitMix(*seed);
    let faults: Vec<&Rule> = (0..MANY).map(|_| rules[random.below(rules.len())]).collect();
    let names: Vec<String> = (0..MANY).map(|number| format!("d{number}.seed{seed}.contoso.com")).collect();
    let mut table = Table::new();
    table.addresses(64).domain(REDIRECT_TARGET.strip_prefix("mta-sts.").unwrap());
    for (name, rule) in names.iter().zip(&faults) {
        (rule.change)(table.domain(name));
    }
    let lab = table.start();
    let begun = Instant::now();
    // The questions of more domains at once do not fit into the buffer of a UDP socket, and a machine that is busy
    // with the rest of this would lose some.
    let results = scan(&names, &Network { timeout: TIMEOUT, throttle: 64, ..lab.network() });
    println!("seed {seed}: {MANY} domains in {:.1} s", begun.elapsed().as_secs_f64());
    let differences = names.iter().zip(&faults).filter_map(|(name, rule)| difference(&results, name, rule));
    assert_none(differences.map(|difference| format!("seed {seed}, {difference}")).collect());
    nobody_follows_the_redirect(&lab);
}

/// Steele, Lea and Flood's generator: the same numbers on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}
