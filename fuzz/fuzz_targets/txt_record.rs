//! TXT records of MTA-STS, and the verdict on a domain that has them. A line feed ends a record, a NUL one of its strings.
#![no_main]

use exchange_control::probe::mta_sts::record;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let records: Vec<Vec<Vec<u8>>> = bytes
        .split(|byte| *byte == b'\n')
        .map(|record| record.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect())
        .collect();
    let reading = record::read(&records);
    exchange_control_fuzz::check_findings(&reading.findings);
    exchange_control_fuzz::check_judgement(records, b"version: STSv1\nmode: none\nmax_age: 86400\n");
    if let Some(record) = reading.record {
        let again = record::read(&[vec![record.to_string().into_bytes()]]);
        assert_eq!(again.record.as_ref(), Some(&record), "{record}");
        assert!(again.findings.is_empty(), "{record}: {:?}", again.findings);
    }
});
