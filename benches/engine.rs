//! How fast the engine is, on one core: verdicts, results, parsers, a call through the C ABI, loading a control.
//!
//! `cargo bench --bench engine`; what is to be reached is said beside each group.

mod shapes;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

use exchange_control::control::{Catalog, Source, load};
use exchange_control::evaluate::{Run, Scan, judge};
use exchange_control::ffi::{XC_DONE, XC_OK, client};
use exchange_control::target::{Inventory, Targets};
use shapes::Shape;

/// Large enough that a parser's start does not count.
const PARSED_BYTES: usize = 8 * 1024 * 1024;
/// What SerializationData makes of an object.
const BLOB: usize = 100 * 1024;

/// The fixture's connectors and accepted domains.
fn targets() -> Targets {
    let mut inventory = Inventory::new(Catalog::built_in().properties());
    inventory.read_text("connectors", &shapes::ALL[0].repeated(1, 0));
    inventory.read_text("domains", shapes::ACCEPTED_DOMAINS);
    let targets = inventory.finish();
    assert!(targets.problems().is_empty(), "{:?}", targets.problems());
    targets
}

/// Control × target. Over 2 million verdicts with their evidence a second.
fn evaluation(criterion: &mut Criterion) {
    let (catalog, targets) = (Catalog::built_in().clone().select(&["EDCA-TLS-011", "EX16-ED-000170"]), targets());
    let run = Run::new(&catalog, &targets);
    let pairs: Vec<_> = catalog
        .controls()
        .iter()
        .filter_map(|control| Some((control, control.target()?)))
        .flat_map(|(control, kind)| targets.of(kind).map(move |target| (control, target)))
        .collect();
    assert_eq!((pairs.len(), Scan::offline(run).progress().total), (2 * shapes::NAMES.len(), 2 * shapes::NAMES.len()));
    let mut group = criterion.benchmark_group("evaluation");
    group.throughput(Throughput::Elements(pairs.len() as u64));
    group.bench_function("verdict with evidence", |bencher| {
        bencher.iter(|| {
            for (control, target) in &pairs {
                black_box(judge(control, black_box(&target.facts)));
            }
        });
    });
    group.bench_function("whole result", |bencher| {
        bencher.iter(|| black_box(run).results().for_each(|result| _ = black_box(result)));
    });
    group.finish();
}

/// An export of about this many bytes.
fn of_size(shape: Shape, bytes: usize, blob: usize) -> String {
    shape.repeated((bytes / shape.repeated(1, blob).len()).max(1), blob)
}

/// Bytes of export. Over 200 MB/s.
fn parsing(criterion: &mut Criterion) {
    let properties = Catalog::built_in().properties();
    let mut group = criterion.benchmark_group("parsing");
    group.sample_size(20);
    for shape in shapes::ALL {
        for (kind, blob) in [("", 0), (" with SerializationData", BLOB)] {
            let text = of_size(shape, PARSED_BYTES, blob);
            let mut check = Inventory::new(properties.clone());
            check.read_text("export", &text);
            let check = check.finish();
            assert!(check.problems().is_empty() && check.all().len() > 50, "{}: {:?}", shape.name, check.problems());
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_function(format!("{}{kind}", shape.name), |bencher| {
                bencher.iter_batched(
                    || Inventory::new(properties.clone()),
                    |mut inventory| {
                        inventory.read_text("export", black_box(&text));
                        inventory
                    },
                    BatchSize::PerIteration,
                );
            });
        }
    }
    // What Windows PowerShell's Export-Clixml writes; from bytes, so that decoding counts.
    let text = of_size(shapes::ALL[1], PARSED_BYTES / 2, 0);
    let bytes: Vec<u8> = "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("remote.clixml in UTF-16", |bencher| {
        bencher.iter_batched(
            || (Inventory::new(properties.clone()), bytes.clone()),
            |(mut inventory, bytes)| {
                inventory.read_bytes("export", black_box(bytes));
                inventory
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// From the request to the end of the run and the freeing of all that it gave; answers the number of batches.
fn run_over_abi(request: &[u8]) -> usize {
    let (run, (started, _)) = client::Run::start(request);
    assert_eq!(started, XC_OK);
    let run = run.expect("a run");
    let mut batches = 0;
    while black_box(run.next(100)).0 != XC_DONE {
        batches += 1;
    }
    batches
}

/// One connector through the C ABI, all controls. Under 50 µs.
fn abi(criterion: &mut Criterion) {
    let connector = br#"{"targets":[{"PSTypeName":"SmtpSendConnectorConfig","Name":"Internet","Identity":"Internet",
        "Guid":"765c20c8-e736-d428-48c2-774e6a4a944b","Enabled":true,"IgnoreSTARTTLS":true,"AddressSpaces":["SMTP:*;1"],
        "SmartHosts":[],"DNSRoutingEnabled":true,"CloudServicesMailEnabled":false,"RequireTLS":false,"TlsAuthLevel":null,
        "TlsDomain":null,"DomainSecureEnabled":false,"FrontendProxyEnabled":false}]}"#;
    assert_eq!(run_over_abi(connector), 1);
    let mut group = criterion.benchmark_group("abi");
    group.bench_function("round trip for one connector", |bencher| bencher.iter(|| run_over_abi(black_box(connector))));
    group.finish();
}

/// A control file, from its bytes.
fn loading(criterion: &mut Criterion) {
    let files = [
        ("EDCA-TLS-011", &include_bytes!("../module/ExchangeControl/Controls/EDCA-TLS-011.json")[..]),
        ("EX16-ED-000170", &include_bytes!("../module/ExchangeControl/Controls/EX16-ED-000170.json")[..]),
    ];
    let mut group = criterion.benchmark_group("loading");
    for (name, bytes) in files {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| load(black_box(bytes), Source::BuiltIn).expect("valid")));
    }
    group.finish();
}

criterion_group!(benches, evaluation, parsing, abi, loading);
criterion_main!(benches);
