//! MTA-STS policies, and the verdict on a domain that serves them.
#![no_main]

use exchange_control::probe::mta_sts::policy;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let reading = policy::read(body);
    exchange_control_fuzz::check_findings(&reading.findings);
    exchange_control_fuzz::check_judgement(vec![vec![b"v=STSv1; id=1".to_vec()]], body);
    let again = policy::read(reading.policy.to_string().as_bytes());
    assert_eq!(again.policy, reading.policy, "{}", reading.policy);
    if !exchange_control_fuzz::has_errors(&reading.findings) {
        assert!(again.findings.is_empty(), "{}: {:?}", reading.policy, again.findings);
    }
});
