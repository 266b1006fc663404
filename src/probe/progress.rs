//! How many domains are at which stage, for a caller that shows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

/// The stages that a domain goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Not begun, or all connections to its address are taken.
    Waiting,
    Dns,
    Connect,
    Handshake,
    Headers,
    Body,
}

/// How many domains are at each stage at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Stages {
    pub waiting: usize,
    pub dns: usize,
    pub connect: usize,
    pub handshake: usize,
    pub headers: usize,
    pub body: usize,
}

/// The counts of a run.
#[derive(Debug, Default)]
pub struct Counters([AtomicUsize; 6]);

/// Where one domain is. It is counted out when this goes.
#[derive(Debug)]
pub struct Position {
    counters: Arc<Counters>,
    stage: AtomicUsize,
}

impl Counters {
    /// The counts now.
    pub fn read(&self) -> Stages {
        let [waiting, dns, connect, handshake, headers, body] =
            std::array::from_fn(|stage| self.0[stage].load(Ordering::Relaxed));
        Stages { waiting, dns, connect, handshake, headers, body }
    }
}

impl Position {
    /// Counts a domain in.
    pub fn new(counters: Arc<Counters>) -> Self {
        counters.0[Stage::Waiting as usize].fetch_add(1, Ordering::Relaxed);
        Position { counters, stage: AtomicUsize::new(Stage::Waiting as usize) }
    }

    /// Moves it to a stage.
    pub fn enter(&self, stage: Stage) {
        self.counters.0[stage as usize].fetch_add(1, Ordering::Relaxed);
        let left = self.stage.swap(stage as usize, Ordering::Relaxed);
        self.counters.0[left].fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Position {
    fn drop(&mut self) {
        self.counters.0[self.stage.load(Ordering::Relaxed)].fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_in_on_and_out() {
        let counters = Arc::new(Counters::default());
        let one = Position::new(counters.clone());
        let two = Position::new(counters.clone());
        one.enter(Stage::Dns);
        assert_eq!(counters.read(), Stages { waiting: 1, dns: 1, ..Stages::default() });
        two.enter(Stage::Body);
        drop(one);
        assert_eq!(counters.read(), Stages { body: 1, ..Stages::default() });
        drop(two);
        assert_eq!(counters.read(), Stages::default());
    }
}
