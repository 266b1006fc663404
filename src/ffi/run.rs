//! A run behind a handle. Safe code: the handle is shared between threads, its state is locked.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::answer::{Failure, json};
use super::{XC_DONE, XC_OK, request};
use crate::control::Catalog;
use crate::evaluate::{Outcome, Run, Summary, Tally};
use crate::problem::Problem;
use crate::report::{SCHEMA_VERSION, Tool, now};
use crate::target::{Inventory, Targets};

/// Results that are given at once, so that a caller that stops has not waited for many more than it took.
const BATCH: usize = 256;
/// Bytes after which a batch is closed: Windows PowerShell refuses JSON texts of 2 MiB.
const BATCH_BYTES: usize = 256 * 1024;

static LIVE: AtomicU32 = AtomicU32::new(0);

/// How many runs there are.
pub fn live_runs() -> u32 {
    LIVE.load(Ordering::SeqCst)
}

/// A run of controls over targets. Its contents are the library's own.
#[allow(non_camel_case_types)]
pub struct xc_run {
    cancelled: AtomicBool,
    state: Mutex<State>,
    total: usize,
}

struct State {
    catalog: Cow<'static, Catalog>,
    targets: Targets,
    tally: Tally,
    done: usize,
    /// The last answer, given again however often it is asked for.
    over: Option<Vec<u8>>,
}

#[derive(Serialize)]
struct Progress {
    done: usize,
    total: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Over<'a> {
    schema_version: u32,
    tool: Tool,
    generated: String,
    summary: Summary,
    errors: Vec<&'a Problem>,
    cancelled: bool,
    exit_code: u8,
}

impl xc_run {
    /// Reads the request and makes a run of it, with the answer that goes with the handle.
    pub fn start(request: &str) -> Result<(Self, Vec<u8>), Failure> {
        let (request, catalog) = request::run(request)?;
        let mut inventory = Inventory::new(catalog.properties());
        inventory.read_json_at("/targets", request.targets.get());
        let targets = inventory.finish();
        let run = Run::new(&catalog, &targets);
        let total = run.total();
        let errors: Vec<&Problem> = run.problems().collect();
        let answer = json(&serde_json::json!({ "total": total, "errors": errors }));
        let state = State { catalog, targets, tally: Tally::default(), done: 0, over: None };
        LIVE.fetch_add(1, Ordering::SeqCst);
        Ok((xc_run { cancelled: AtomicBool::new(false), state: Mutex::new(state), total }, answer))
    }

    /// The next batch, or the summary.
    pub fn next(&self, timeout_ms: u32) -> Result<(u32, Vec<u8>), Failure> {
        let until = Instant::now() + Duration::from_millis(timeout_ms.into());
        let mut state =
            self.state.lock().map_err(|_: PoisonError<_>| Failure::internal("the run broke in an earlier call"))?;
        let state = &mut *state;
        if let Some(over) = &state.over {
            return Ok((XC_DONE, over.clone()));
        }
        let run = Run::new(&state.catalog, &state.targets);
        let mut batch = br#"{"results":["#.to_vec();
        let mut count = 0;
        // Evaluation does not wait for anything; the time-out only bounds the size of a batch.
        while count == 0 || (count < BATCH && batch.len() < BATCH_BYTES && Instant::now() < until) {
            if self.is_cancelled() {
                break;
            }
            let Some(result) = state.tally.next(run) else { break };
            if count > 0 {
                batch.push(b',');
            }
            batch.extend(json(&result));
            count += 1;
        }
        if count == 0 {
            let over = json(&self.over(run, state.tally.summary(run)));
            state.over = Some(over.clone());
            return Ok((XC_DONE, over));
        }
        state.done += count;
        batch.extend(br#"],"progress":"#);
        batch.extend(json(&Progress { done: state.done, total: self.total }));
        batch.push(b'}');
        Ok((XC_OK, batch))
    }

    /// Ends the run at the next call.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    fn over<'a>(&self, run: Run<'a>, summary: Summary) -> Over<'a> {
        // Read once: it may be cancelled at any moment.
        let cancelled = self.is_cancelled();
        let exit_code = if cancelled { Outcome::NotDone } else { Outcome::of(&summary, run.problems()) };
        Over {
            schema_version: SCHEMA_VERSION,
            tool: Tool::default(),
            generated: now(),
            errors: run.problems().collect(),
            cancelled,
            exit_code: exit_code.code(),
            summary,
        }
    }
}

impl Drop for xc_run {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::SeqCst);
    }
}
