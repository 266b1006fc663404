//! Control files, and what a control that loads says of connectors and accepted domains.
#![no_main]

use std::sync::LazyLock;

use exchange_control::control::{Source, load};
use exchange_control::target::{Inventory, Properties, Targets};

static TARGETS: LazyLock<Targets> = LazyLock::new(|| {
    let mut inventory = Inventory::new(Properties::all());
    inventory.read_text("connectors", include_str!("../../tests/fixtures/send-connectors.remote.json"));
    inventory.read_text("domains", include_str!("../../tests/fixtures/accepted-domains.remote.json"));
    inventory.finish()
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match load(bytes, Source::BuiltIn) {
        Ok(control) => {
            assert!((1..=10).contains(&control.severity_weight));
            assert!(!control.id.is_empty() && !control.title.trim().is_empty());
            for target in TARGETS.all().iter().filter(|target| Some(target.kind) == control.target()) {
                exchange_control_fuzz::check_result(&control, target);
            }
        }
        Err(problem) => {
            assert!(!problem.message.is_empty() && problem.line != Some(0), "{problem:?}");
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
            assert!(problem.line.is_none_or(|line| line <= lines), "{problem:?}");
            assert!(problem.path.is_none_or(|path| path.is_empty() || path.starts_with('/')));
        }
    }
});
