//! A run of the MTA-STS probe that is ended at any moment ends at once, and leaves nothing behind.
//!
//! A process of its own: what is counted here are the threads and open files of the process.

mod lab;

use std::time::{Duration, Instant};

use exchange_control::control::Catalog;
use exchange_control::evaluate::{Order, Run, Scan, Step};
use exchange_control::probe::Network;
use exchange_control::target::{Inventory, Targets};

use lab::{Address, Answer, Ask, Domain, Fault, Handshake, Lab, Pace, Table};

/// What keeps a run waiting, at each of its stages, and what does not.
const WAITS: [fn(&mut Domain) -> &mut Domain; 8] = [
    |d| d,
    |d| d.dns(Ask::Record, Fault::Silence),
    |d| d.dns(Ask::Record, Fault::TruncatedForEver),
    |d| d.addresses(&[Address::Silent]),
    |d| d.handshake(Handshake::Stalled),
    |d| d.answer(Answer::Silence),
    |d| d.pace(Pace::HalfBody),
    |d| d.pace(Pace::ByteEach(Duration::from_millis(100))),
];

/// How long into the run its end comes, in milliseconds.
const MOMENTS: [u64; 9] = [0, 1, 3, 10, 30, 100, 200, 400, 800];

/// What is aimed at is 100 ms; a machine that does much else at once takes longer.
const BOUND: Duration = Duration::from_secs(2);

/// The ways to end a run, each from the moment on until nothing of it is left.
const WAYS: [(&str, fn(Scan, Run)); 3] = [
    ("stopped from another thread", |mut scan, run| {
        if let Some(stop) = scan.stop() {
            std::thread::spawn(move || stop.stop()).join().unwrap();
        }
        while !matches!(scan.next(run, Duration::from_secs(60)), Step::Over) {}
    }),
    ("ended", |mut scan, _| scan.end()),
    ("dropped", |scan, _| drop(scan)),
];

#[test]
fn a_run_that_is_ended_at_any_moment_leaves_nothing() {
    let (lab, names) = lab_of_waits();
    let catalog = Catalog::built_in().clone().select(&["EDCA-TLS-025".to_owned()]);
    let many = targets(&catalog, &names);
    let run = Run::new(&catalog, &many);
    let network = Network { timeout: Duration::from_secs(60), ..lab.network() };
    let before = Held::now();
    for moment in MOMENTS.map(Duration::from_millis) {
        for (way, end) in WAYS {
            let mut scan = run.scan(&network, Order::AsTheyCome).unwrap();
            let until = Instant::now() + moment;
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                assert!(!matches!(scan.next(run, left), Step::Over), "nothing is left to end after {moment:?}");
            }
            let begun = Instant::now();
            end(scan, run);
            let took = begun.elapsed();
            println!("{way} after {moment:?}: {took:.1?}");
            assert!(took < BOUND, "{way} after {moment:?}: it took {took:?}");
            before.assert_nothing_more(&format!("{way} after {moment:?}"));
        }
    }
    // The lab is as well as before.
    let last = targets(&catalog, &["last.contoso.com"]);
    let run = Run::new(&catalog, &last);
    let mut scan = run.scan(&network, Order::AsTheyCome).unwrap();
    assert!(matches!(scan.next(run, Duration::from_secs(30)), Step::Result(_)));
}

fn lab_of_waits() -> (Lab, Vec<String>) {
    let mut table = Table::new();
    table.addresses(8).domain("last.contoso.com");
    let names: Vec<String> = (0..200).map(|number| format!("d{number}.contoso.com")).collect();
    for (name, change) in names.iter().zip(WAITS.iter().cycle()) {
        change(table.domain(name));
    }
    (table.start(), names)
}

fn targets(catalog: &Catalog, domains: &[impl AsRef<str>]) -> Targets {
    let mut inventory = Inventory::new(catalog.properties());
    domains.iter().for_each(|domain| inventory.add_domain(domain.as_ref()));
    inventory.finish()
}

/// How many threads and open files this process has; nothing where the system does not tell.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    threads: Option<usize>,
    files: Option<usize>,
}

impl Held {
    fn now() -> Self {
        let count = |folder| std::fs::read_dir(folder).ok().map(Iterator::count);
        Held { threads: count("/proc/self/task"), files: count("/proc/self/fd") }
    }

    /// The lab's ends of the connections close when it has seen that the run's ends have.
    fn assert_nothing_more(&self, when: &str) {
        let until = Instant::now() + BOUND;
        while *self != Held::now() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(Held::now(), *self, "{when}");
    }
}
