//! JSON exports, and the verdicts on what comes out of them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exchange_control_fuzz::check_export(bytes, &['[', '{']));
