//! Result documents, and the reports that are made of them.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| exchange_control_fuzz::check_document(text));
