//! The command and the C ABI asking a network: the lab on loopback, by way of its proxy, since neither lets its user choose
//! another port than 443.

#[path = "../lab/mod.rs"]
mod lab;

mod abi;
mod command;

use exchange_control::probe::Roots;
use lab::{Address, Certificate, Lab, Table};
use serde_json::{Value, json};

/// Three domains, in the order in which they are asked for: right, failing, silent for ever. And one without a record.
const DOMAINS: [&str; 4] = ["right.contoso.com", "expired.contoso.com", "silent.contoso.com", "bare.contoso.com"];

fn lab() -> Lab {
    let mut table = Table::new();
    table.domain("right.contoso.com");
    table.domain("expired.contoso.com").certificate(Certificate::Expired);
    table.domain("silent.contoso.com").tunnel(lab::Tunnel::Silence);
    table.domain("bare.contoso.com").txt([] as [&str; 0]).addresses(&[Address::Refusing]);
    table.start()
}

/// The lab's settings as the ABI takes them.
fn network(lab: &Lab) -> Value {
    let network = lab.network_through_proxy();
    let Roots::File(roots) = network.roots else { panic!("the lab has roots of its own") };
    let proxy = network.proxy.expect("a proxy");
    json!({
        "dnsServers": network.dns_servers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "roots": roots.to_str().expect("UTF-8"),
        "proxy": format!("http://{}:{}", proxy.host, proxy.port),
        "allowPrivateAddress": true,
        "timeoutSeconds": 1,
    })
}

/// The same as the command takes them.
fn options(lab: &Lab) -> Vec<String> {
    let network = network(lab);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut options = vec!["--allow-private-address".to_owned(), "--timeout=1".to_owned()];
    options.push(format!("--roots={}", text(&network["roots"])));
    options.push(format!("--proxy={}", text(&network["proxy"])));
    let servers = network["dnsServers"].as_array().expect("a list");
    options.extend(servers.iter().map(|server| format!("--dns-server={}", text(server))));
    options
}

/// What [`DOMAINS`] come to.
const STATUSES: [&str; 4] = ["Pass", "Fail", "Unknown", "Fail"];
