//! Checklists of STIG Viewer 3 that are brought up to date.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| exchange_control_fuzz::check_checklist(text));
