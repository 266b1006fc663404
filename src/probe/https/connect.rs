//! Connecting to one of several addresses, in the manner of Happy Eyeballs (RFC 8305): staggered, the families in turn.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::message::seconds;
use super::places::{Place, Places};
use super::{Failure, FailureKind, Watch};
use crate::probe::Stage;

/// How long an attempt has for itself before the next one starts beside it (RFC 8305 section 5).
const STAGGER: Duration = Duration::from_millis(250);
/// More addresses than these are not tried: no policy host needs them, and a hostile answer may hold thousands.
const MOST_ADDRESSES: usize = 16;

/// A connection, and the place that it takes at its address.
#[derive(Debug)]
pub struct Connected {
    pub stream: TcpStream,
    pub place: Place,
    /// How long it took; waiting for a place is not counted.
    pub took: Duration,
}

/// Connects to the first address that answers. `tried` is kept at the address that was tried last. The deadline is for
/// all addresses together and stands still while no attempt is under way, for want of a place at an address that answers.
pub async fn connect(
    places: &Places,
    addresses: Vec<SocketAddr>,
    timeout: Duration,
    watch: Watch<'_>,
    tried: &mut Option<SocketAddr>,
) -> Result<Connected, Failure> {
    let mut waiting = in_turn(addresses);
    let mut attempts = Attempts::default();
    let mut failures = Vec::new();
    let mut deadline = Instant::now() + timeout;
    loop {
        if let Some((address, place)) = next_free(places, &mut waiting) {
            *tried = Some(address);
            watch(Stage::Connect);
            attempts.start(address, place);
        } else if attempts.is_empty() {
            let Some(address) = waiting.pop_front() else { return Err(none_connected(&failures)) };
            watch(Stage::Waiting);
            let since = Instant::now();
            let Some(place) = places.wait(address.ip(), deadline).await else {
                waiting.push_front(address);
                return Err(out_of_time(&attempts, &waiting, &failures, timeout));
            };
            if place.is_at_one_that_answers() {
                deadline += since.elapsed();
            }
            *tried = Some(address);
            watch(Stage::Connect);
            attempts.start(address, place);
        }
        let pause = if waiting.is_empty() { deadline } else { deadline.min(Instant::now() + STAGGER) };
        match timeout_at(pause, attempts.next()).await {
            Ok((address, place, Ok(stream))) => {
                place.answered();
                *tried = Some(address);
                let took = timeout.saturating_sub(deadline.saturating_duration_since(Instant::now()));
                return Ok(Connected { stream, place, took });
            }
            Ok((address, place, Err(error))) => {
                if is_refusal(&error) {
                    place.answered();
                }
                failures.push((address, error));
            }
            Err(_) if Instant::now() >= deadline => {
                return Err(out_of_time(&attempts, &waiting, &failures, timeout));
            }
            Err(_) => {}
        }
    }
}

/// IPv6 and IPv4 in turn, IPv6 first.
fn in_turn(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let (six, four): (VecDeque<_>, VecDeque<_>) = addresses.into_iter().partition(SocketAddr::is_ipv6);
    let mut families = [six, four];
    let mut order = VecDeque::new();
    while order.len() < MOST_ADDRESSES && families.iter().any(|family| !family.is_empty()) {
        order.extend(families.iter_mut().filter_map(VecDeque::pop_front));
    }
    order.truncate(MOST_ADDRESSES);
    order
}

/// Takes out the first address that has a free place.
fn next_free(places: &Places, waiting: &mut VecDeque<SocketAddr>) -> Option<(SocketAddr, Place)> {
    let (index, place) =
        waiting.iter().enumerate().find_map(|(index, address)| Some((index, places.free(address.ip())?)))?;
    Some((waiting.remove(index)?, place))
}

/// The attempts under way. Dropping them closes their sockets.
#[derive(Default)]
struct Attempts(Vec<Attempt>);

struct Attempt {
    address: SocketAddr,
    place: Place,
    connecting: Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>,
}

impl Attempts {
    fn start(&mut self, address: SocketAddr, place: Place) {
        self.0.push(Attempt { address, place, connecting: Box::pin(TcpStream::connect(address)) });
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next attempt to end, taken out. Waits for ever where there is none.
    async fn next(&mut self) -> (SocketAddr, Place, io::Result<TcpStream>) {
        poll_fn(|context| {
            let ended = self.0.iter_mut().enumerate().find_map(|(index, attempt)| {
                match attempt.connecting.as_mut().poll(context) {
                    Poll::Ready(result) => Some((index, result)),
                    Poll::Pending => None,
                }
            });
            match ended {
                Some((index, result)) => {
                    let Attempt { address, place, .. } = self.0.swap_remove(index);
                    Poll::Ready((address, place, result))
                }
                None => Poll::Pending,
            }
        })
        .await
    }
}

/// What it means that every attempt failed. Where one address refused and this machine has no way to the others (as
/// one without IPv6 has none to IPv6 addresses), the host refused all that could be asked of it.
fn none_connected(failures: &[(SocketAddr, io::Error)]) -> Failure {
    if failures.is_empty() {
        return Failure::new(FailureKind::ConnectTimeout, "there is no address to connect to");
    }
    let any_refused = failures.iter().any(|(_, error)| is_refusal(error));
    let kind = if any_refused && failures.iter().all(|(_, error)| is_refusal(error) || no_way(error)) {
        FailureKind::ConnectRefused
    } else {
        FailureKind::ConnectTimeout
    };
    Failure::new(kind, format!("could not connect: {}", describe(failures)))
}

fn out_of_time(
    attempts: &Attempts,
    untried: &VecDeque<SocketAddr>,
    failures: &[(SocketAddr, io::Error)],
    timeout: Duration,
) -> Failure {
    let unanswered: Vec<String> = attempts.0.iter().map(|attempt| attempt.address.to_string()).collect();
    let untried: Vec<String> = untried.iter().map(SocketAddr::to_string).collect();
    let mut message = format!("no answer from {} within {}", list(&unanswered), seconds(timeout));
    if !failures.is_empty() {
        message = format!("{message}; {}", describe(failures));
    }
    if !untried.is_empty() {
        message = format!("{message}; no time was left for {}", list(&untried));
    }
    Failure::new(FailureKind::ConnectTimeout, message)
}

fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

/// Whether the error is this machine's: it has no route, or no address of its own, in that family.
fn no_way(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable)
        || error.raw_os_error() == Some(NO_SUCH_FAMILY)
}

/// What creating an IPv6 socket says where IPv6 is switched off: EAFNOSUPPORT, WSAEAFNOSUPPORT.
#[cfg(unix)]
const NO_SUCH_FAMILY: i32 = libc::EAFNOSUPPORT;
#[cfg(windows)]
const NO_SUCH_FAMILY: i32 = 10047;

fn describe(failures: &[(SocketAddr, io::Error)]) -> String {
    let each: Vec<String> = failures
        .iter()
        .map(|(address, error)| match error.kind() {
            io::ErrorKind::ConnectionRefused => format!("{address} refused the connection"),
            _ if no_way(error) => format!("{address} cannot be reached from this machine ({error})"),
            _ => format!("{address}: {error}"),
        })
        .collect();
    list(&each)
}

/// The first few, and how many more.
fn list(items: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<&str> = items.iter().take(SHOWN).map(String::as_str).collect();
    match items.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{}, and {more} more", shown.join(", ")),
    }
}

/// The addresses with the port.
pub fn with_port(addresses: &[IpAddr], port: u16) -> Vec<SocketAddr> {
    addresses.iter().map(|address| SocketAddr::new(*address, port)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_take_turns() {
        let cases: [(&[&str], &[&str]); 4] = [
            (&[], &[]),
            (&["192.0.2.1", "192.0.2.2"], &["192.0.2.1", "192.0.2.2"]),
            (&["192.0.2.1", "2001:db8::1"], &["2001:db8::1", "192.0.2.1"]),
            (
                &["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2"],
                &["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "192.0.2.3"],
            ),
        ];
        for (given, expected) in cases {
            let given: Vec<IpAddr> = given.iter().map(|address| address.parse().unwrap()).collect();
            let order: Vec<String> =
                in_turn(with_port(&given, 443)).iter().map(|address| address.ip().to_string()).collect();
            assert_eq!(order, expected);
        }
    }

    #[test]
    fn thousands_of_addresses_are_cut() {
        let many: Vec<IpAddr> = (0..4000_u32).map(|n| IpAddr::V4((0xC000_0000 + n).into())).collect();
        assert_eq!(in_turn(with_port(&many, 443)).len(), MOST_ADDRESSES);
    }

    #[test]
    fn refused_only_where_nothing_else_could_be_meant() {
        use io::ErrorKind::*;
        let cases: [(&[io::ErrorKind], FailureKind); 9] = [
            (&[ConnectionRefused], FailureKind::ConnectRefused),
            (&[ConnectionRefused, ConnectionRefused], FailureKind::ConnectRefused),
            (&[NetworkUnreachable, ConnectionRefused], FailureKind::ConnectRefused),
            (&[AddrNotAvailable, ConnectionRefused], FailureKind::ConnectRefused),
            (&[HostUnreachable, ConnectionRefused], FailureKind::ConnectTimeout),
            (&[TimedOut, ConnectionRefused], FailureKind::ConnectTimeout),
            (&[NetworkUnreachable], FailureKind::ConnectTimeout),
            (&[PermissionDenied], FailureKind::ConnectTimeout),
            (&[], FailureKind::ConnectTimeout),
        ];
        for (errors, expected) in cases {
            let address = SocketAddr::from(([192, 0, 2, 1], 443));
            let failures: Vec<_> = errors.iter().map(|kind| (address, io::Error::from(*kind))).collect();
            assert_eq!(none_connected(&failures).kind, expected, "{errors:?}");
        }
    }
}
