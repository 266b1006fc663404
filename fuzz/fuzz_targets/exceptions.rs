//! Files of accepted risks, and what they make of results.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exchange_control_fuzz::check_exceptions(bytes));
