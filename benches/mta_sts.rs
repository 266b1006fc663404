//! How long a run takes to ask about many domains, against the ideal: domains / throttle x the delays of one domain.
//! The lab on loopback delays what a distant network would: DNS answers by 20 ms, connecting and each round trip of a
//! policy host by 15 ms. What is measured runs as a process of its own, so that the lab's work is not counted.
//!
//! `cargo bench --bench mta_sts`; Unix only, where /proc tells what a process used.

#[cfg(target_os = "linux")]
#[path = "../tests/lab/mod.rs"]
mod lab;

#[cfg(target_os = "linux")]
fn main() {
    measure::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("only Linux tells what a process used in the way that this program reads it");
}

#[cfg(target_os = "linux")]
mod measure {
    use std::io::{Read, Write};
    use std::net::SocketAddr;
    use std::path::PathBuf;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use exchange_control::control::Catalog;
    use exchange_control::evaluate::{Order, Run, Status, Step};
    use exchange_control::probe::{Network, Roots};
    use exchange_control::target::Inventory;
    use serde::{Deserialize, Serialize};
    use wait4::Wait4;

    use crate::lab::{Address, Lab, Latency, Table};

    /// The delays of a distant network: a DNS answer, and a round trip to a policy host.
    const DNS: Duration = Duration::from_millis(20);
    const ROUND_TRIP: Duration = Duration::from_millis(15);
    /// Connecting, the handshake of TLS 1.3, the request.
    const ROUND_TRIPS: u32 = 3;
    /// Connecting to a silent host is given up after it.
    const DEADLINE: Duration = Duration::from_secs(2);
    const DOMAINS: usize = 1_000;
    const THROTTLE: usize = 256;
    /// Enough of them that the limit of 16 connections to one address does not bind.
    const ADDRESSES: u16 = 128;
    const RUNS: usize = 5;
    /// Of a run one after another, which is all waiting.
    const FEW: usize = 50;

    /// What the measured process is told.
    #[derive(Serialize, Deserialize)]
    struct Work {
        domains: Vec<String>,
        dns_servers: Vec<SocketAddr>,
        https_port: u16,
        roots: PathBuf,
        throttle: usize,
    }

    /// What it tells; the system adds the CPU time.
    #[derive(Debug, Clone, Copy, Serialize, Deserialize)]
    struct Measured {
        seconds: f64,
        #[serde(default)]
        cpu_seconds: f64,
        peak_kb: f64,
        passed: usize,
        unknown: usize,
    }

    pub fn main() {
        if std::env::args().nth(1).as_deref() == Some("work") {
            return work();
        }
        let delays = (DNS + ROUND_TRIP * ROUND_TRIPS).as_secs_f64();
        println!("{DOMAINS} domains, {THROTTLE} at a time, {:.0} ms of delays each; best of {RUNS} runs", delays * 1e3);
        println!("ratio: to the aim; below 1 is reached");
        let ideal = DOMAINS as f64 / THROTTLE as f64 * delays;

        let lab = lab(DOMAINS, 0);
        let names = names(DOMAINS);
        let all = best_of(|| run(&lab, &names, THROTTLE));
        assert_eq!((all.passed, all.unknown), (DOMAINS, 0), "every domain is right");
        told("wall time, s", all.seconds, ideal * 1.10);
        told("CPU, ms a domain", all.cpu_seconds * 1e3 / DOMAINS as f64, 1.0);
        let one = best_of(|| run(&lab, &names[..FEW], 1));
        told("memory, KB a fetch in flight", (all.peak_kb - one.peak_kb) / THROTTLE as f64, 100.0);
        println!(
            "one after another: {:.1} s for {FEW} domains, {:.0} times as long for each",
            one.seconds,
            (one.seconds / FEW as f64) / (all.seconds / DOMAINS as f64)
        );
        drop(lab);

        let silent = DOMAINS / 20;
        let lab = self::lab(DOMAINS, silent);
        let some = best_of(|| run(&lab, &names, THROTTLE));
        assert_eq!((some.passed, some.unknown), (DOMAINS - silent, silent), "silence is told from faults");
        let wanted = (ideal + DEADLINE.as_secs_f64()) * 1.10;
        told(&format!("wall time with {silent} silent hosts, s"), some.seconds, wanted);
        println!("their deadlines one after another would be {:.0} s", silent as f64 * DEADLINE.as_secs_f64());
    }

    fn told(what: &str, measured: f64, aim: f64) {
        println!("{what:<36} {measured:>8.3}   aim {aim:>8.3}   ratio {:>5.2}", measured / aim);
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("d{number}.contoso.com")).collect()
    }

    fn lab(count: usize, silent: usize) -> Lab {
        let mut table = Table::new();
        table.addresses(ADDRESSES).latency(Latency { dns: DNS, flight: ROUND_TRIP });
        for (number, name) in names(count).iter().enumerate() {
            let domain = table.domain(name);
            // Spread evenly over the run.
            if silent > 0 && number % (count / silent) == 0 {
                domain.addresses(&[Address::Silent]);
            }
        }
        table.start()
    }

    fn best_of(run: impl Fn() -> Measured) -> Measured {
        let runs = (0..RUNS).map(|_| run());
        runs.min_by(|a, b| a.seconds.total_cmp(&b.seconds)).expect("runs")
    }

    /// Has a process of its own ask about the domains.
    fn run(lab: &Lab, domains: &[String], throttle: usize) -> Measured {
        let network = lab.network();
        let Roots::File(roots) = network.roots else { panic!("the lab has roots of its own") };
        let (dns_servers, https_port) = (network.dns_servers, network.https_port);
        let work = Work { domains: domains.to_vec(), dns_servers, https_port, roots, throttle };
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .arg("work")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut stdin = child.stdin.take().expect("its input");
        stdin.write_all(&serde_json::to_vec(&work).expect("JSON")).expect("it reads");
        drop(stdin);
        let mut told = Vec::new();
        child.stdout.take().expect("its output").read_to_end(&mut told).expect("it writes");
        let ended = child.wait4().expect("it ends");
        assert!(ended.status.success(), "{}", ended.status);
        let told: Measured = serde_json::from_slice(&told).expect("what it measured");
        // The whole process, with its start.
        Measured { cpu_seconds: (ended.rusage.utime + ended.rusage.stime).as_secs_f64(), ..told }
    }

    /// The measured process.
    fn work() {
        let work: Work = serde_json::from_reader(std::io::stdin()).expect("work");
        let network = Network {
            dns_servers: work.dns_servers,
            timeout: DEADLINE,
            throttle: work.throttle,
            roots: Roots::File(work.roots),
            allow_private_addresses: true,
            https_port: work.https_port,
            ..Network::default()
        };
        let catalog = Catalog::built_in().clone().select(&["EDCA-TLS-025"]);
        let mut inventory = Inventory::new(catalog.properties());
        work.domains.iter().for_each(|domain| inventory.add_domain(domain));
        let targets = inventory.finish();
        let run = Run::new(&catalog, &targets);
        let begun = Instant::now();
        let mut scan = run.scan(&network, Order::AsTheyCome).expect("settings that can be used");
        let (mut passed, mut unknown) = (0, 0);
        loop {
            match scan.next(run, Duration::from_secs(1)) {
                Step::Result(result) if result.status == Status::Pass => passed += 1,
                Step::Result(result) if result.status == Status::Unknown => unknown += 1,
                Step::Result(result) => panic!("{}: {}", result.target.identity, result.reason),
                Step::Pending => {}
                Step::Over => break,
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        let measured = Measured { seconds, cpu_seconds: 0.0, peak_kb: peak_kb(), passed, unknown };
        println!("{}", serde_json::to_string(&measured).expect("JSON"));
    }

    /// The most memory that this process ever held, in KB.
    fn peak_kb() -> f64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
        line.trim().trim_end_matches(" kB").trim().parse().expect("a number")
    }
}
