//! What is asked of a policy that could be read: its mode, how long it lasts, and that it covers the MX hosts.

use std::collections::HashSet;

use super::mail::Mail;
use super::policy::Policy;
use super::{Code, Finding, Mode, MxPattern, Settings, Severity, excerpt};

/// A policy that lasts less than a day protects little: senders forget it between two messages (RFC 8461 section 3.2).
pub const SHORTEST_MAX_AGE: u32 = 86_400;

/// How many hosts a message names.
const NAMED: usize = 10;

/// What a policy lacks.
pub fn check(policy: &Policy, domain: &str, mail: &Mail, settings: &Settings) -> Vec<Finding> {
    [mode(policy, settings), max_age(policy), coverage(policy, domain, mail)].into_iter().flatten().collect()
}

fn mode(policy: &Policy, settings: &Settings) -> Option<Finding> {
    let (code, effect) = match policy.mode? {
        Mode::Enforce => return None,
        Mode::Testing => (Code::ModeTesting, "senders report what fails, and deliver all the same"),
        Mode::None => (Code::ModeNone, "senders take it that there is no policy"),
    };
    let mode = policy.mode?;
    let (severity, demand) = match mode < settings.minimum_mode {
        true => (Severity::Error, format!("; expected mode {} or higher", settings.minimum_mode.name())),
        false => (Severity::Warning, String::new()),
    };
    let message = format!("The policy is in mode {}: {effect}{demand}", mode.name());
    Some(Finding { code, severity, place: None, message })
}

fn max_age(policy: &Policy) -> Option<Finding> {
    let seconds = policy.max_age.filter(|seconds| *seconds < SHORTEST_MAX_AGE)?;
    let message = format!("The policy's max_age is {seconds} seconds; expected a day at least ({SHORTEST_MAX_AGE})");
    Some(Finding { code: Code::MaxAgeShort, severity: Severity::Warning, place: None, message })
}

/// The hosts that no pattern matches.
pub fn uncovered<'a>(policy: &Policy, mut hosts: Vec<&'a str>) -> Vec<&'a str> {
    let patterns: HashSet<&MxPattern> = policy.mx.iter().collect();
    hosts.retain(|host| !MxPattern::all_matching(host).any(|pattern| patterns.contains(&pattern)));
    hosts
}

/// Whether the MX hosts are covered (4.1). A policy in mode none promises nothing, and one without a readable `mx` has
/// been found fault with already.
fn coverage(policy: &Policy, domain: &str, mail: &Mail) -> Option<Finding> {
    if policy.mode == Some(Mode::None) || policy.mx.is_empty() {
        return None;
    }
    let uncovered = uncovered(policy, mail.hosts(domain)?);
    let (verb, host) = match uncovered.len() {
        0 => return None,
        1 => ("is", "this host"),
        _ => ("are", "these hosts"),
    };
    let named = excerpt::list(&uncovered, NAMED);
    let (severity, effect) = match policy.mode {
        Some(Mode::Enforce) => (Severity::Error, format!("in mode enforce: senders do not deliver to {host}")),
        Some(mode) => (Severity::Warning, format!("in mode {}", mode.name())),
        None => (Severity::Warning, "in no readable mode".to_owned()),
    };
    let message = format!("{named} {verb} not covered by the policy, which is {effect}; add 'mx:' for {host}");
    Some(Finding { code: Code::MxNotCovered, severity, place: None, message })
}
