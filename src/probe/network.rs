//! How the network is asked: by which servers, through which proxy, how many at once, how long.

use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The settings of a run's probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Ask nothing: what needs the network is Unknown.
    pub offline: bool,
    /// The DNS servers, asked in this order; the system's where empty.
    pub dns_servers: Vec<SocketAddr>,
    /// How long an HTTPS answer may take once connected: handshake, headers and body. DNS and connecting have their own
    /// deadlines, which are never longer ([`Network::dns_timeout`], [`Network::connect_timeout`]).
    pub timeout: Duration,
    /// How many domains are asked at once.
    pub throttle: usize,
    pub roots: Roots,
    pub proxy: Option<Proxy>,
    /// Connect also to addresses that the Internet does not see.
    pub allow_private_addresses: bool,
    /// The port of policy hosts: 443, but for tests on loopback.
    pub https_port: u16,
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Roots {
    /// Mozilla's list, as the library was built with it.
    #[default]
    Mozilla,
    /// The system's store.
    System,
    /// The certificates in a PEM file, and no others.
    File(PathBuf),
}

/// An HTTP proxy that is asked to CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    pub host: String,
    pub port: u16,
}

impl Default for Network {
    fn default() -> Self {
        Network {
            offline: false,
            dns_servers: Vec::new(),
            // RFC 8461 section 3.3 suggests a minute.
            timeout: Duration::from_secs(60),
            throttle: 128,
            roots: Roots::default(),
            proxy: None,
            allow_private_addresses: false,
            https_port: 443,
        }
    }
}

impl Network {
    /// A timeout of so many seconds, 1 to 3600.
    pub fn timeout_of(seconds: u64) -> Result<Duration, String> {
        match seconds {
            1..=3600 => Ok(Duration::from_secs(seconds)),
            _ => Err(format!("the timeout of {seconds} seconds is out of range: expected 1 to 3600")),
        }
    }

    /// A throttle of so many domains at once, 1 to 1024.
    pub fn throttle_of(domains: usize) -> Result<usize, String> {
        match domains {
            1..=1024 => Ok(domains),
            _ => Err(format!("the throttle of {domains} domains at once is out of range: expected 1 to 1024")),
        }
    }

    /// How long the DNS questions of one stage may take, all servers together.
    pub fn dns_timeout(&self) -> Duration {
        self.timeout.min(Duration::from_secs(10))
    }

    /// How long connecting may take, all addresses together.
    pub fn connect_timeout(&self) -> Duration {
        self.timeout.min(Duration::from_secs(10))
    }
}

impl Roots {
    /// Reads `mozilla`, `system` (in any case) or the path of a PEM file; a file of such a name is given as `./system`.
    pub fn parse(text: &str) -> Result<Roots, String> {
        match text.trim() {
            "" => Err("no trusted roots are named: expected `mozilla`, `system` or the path of a PEM file".to_owned()),
            name if name.eq_ignore_ascii_case("mozilla") => Ok(Roots::Mozilla),
            name if name.eq_ignore_ascii_case("system") => Ok(Roots::System),
            _ => Ok(Roots::File(text.into())),
        }
    }
}

impl Proxy {
    /// Reads `http://host:port`; an IPv6 address stands in brackets. The error says what was found and what is expected.
    pub fn parse(text: &str) -> Result<Proxy, String> {
        // A text with an `@` may hold a password, and is not repeated.
        if text.contains('@') {
            return Err(
                "the proxy has a user name or password, which is not supported: expected http://host:port".to_owned()
            );
        }
        let wrong = |what: &str| format!("the proxy `{text}` {what}: expected http://host:port");
        let (scheme, authority) = text.trim().split_once("://").ok_or_else(|| wrong("does not begin with http://"))?;
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(wrong("is not an HTTP proxy; TLS to the proxy itself and SOCKS are not supported"));
        }
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.contains(['/', '?', '#']) {
            return Err(wrong("has a path"));
        }
        let (host, port) = split_port(authority).ok_or_else(|| wrong("has no port"))?;
        if !is_host(host) {
            return Err(wrong("has no host name or address"));
        }
        let port = port.parse().ok().filter(|port| *port != 0);
        let port = port.ok_or_else(|| wrong("has a port that is not a number from 1 to 65535"))?;
        Ok(Proxy { host: host.to_owned(), port })
    }
}

/// Host and port of an authority (RFC 3986 section 3.2), the brackets of an IPv6 address taken off.
fn split_port(authority: &str) -> Option<(&str, &str)> {
    match authority.strip_prefix('[') {
        Some(literal) => literal.split_once("]:"),
        None => authority.rsplit_once(':'),
    }
}

/// An IP address, or a name of letters, digits, hyphens, underscores and dots.
fn is_host(text: &str) -> bool {
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    !text.is_empty() && (text.parse::<Ipv6Addr>().is_ok() || is_name(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies() {
        let cases = [
            ("http://proxy.contoso.com:8080", Ok(("proxy.contoso.com", 8080))),
            ("HTTP://proxy:3128/", Ok(("proxy", 3128))),
            ("http://192.0.2.1:80", Ok(("192.0.2.1", 80))),
            ("http://[2001:db8::1]:8080", Ok(("2001:db8::1", 8080))),
            ("", Err("does not begin with http://")),
            ("proxy:8080", Err("does not begin with http://")),
            ("https://proxy:8080", Err("is not an HTTP proxy")),
            ("socks5://proxy:1080", Err("is not an HTTP proxy")),
            ("http://proxy", Err("has no port")),
            ("http://[2001:db8::1]", Err("has no port")),
            ("http://2001:db8::1", Err("has no host name or address")),
            ("http://:8080", Err("has no host name or address")),
            ("http://pro xy:8080", Err("has no host name or address")),
            ("http://proxy:", Err("has a port that is not a number from 1 to 65535")),
            ("http://proxy:0", Err("has a port that is not a number from 1 to 65535")),
            ("http://proxy:65536", Err("has a port that is not a number from 1 to 65535")),
            ("http://proxy:8080/path", Err("has a path")),
            ("http://user:secret@proxy:8080", Err("user name or password")),
        ];
        for (text, expected) in cases {
            match (Proxy::parse(text), expected) {
                (Ok(proxy), Ok((host, port))) => assert_eq!((proxy.host.as_str(), proxy.port), (host, port), "{text}"),
                (Err(message), Err(part)) => {
                    assert!(message.contains(part) && message.contains("http://host:port"), "{text}: {message}");
                    assert!(!message.contains("secret"), "{text}: {message}");
                }
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }

    #[test]
    fn roots() {
        let cases = [
            ("mozilla", Some(Roots::Mozilla)),
            ("System", Some(Roots::System)),
            ("./system", Some(Roots::File("./system".into()))),
            ("C:\\ca.pem", Some(Roots::File("C:\\ca.pem".into()))),
            (" ", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Roots::parse(text).ok(), expected, "{text}");
        }
    }
}
