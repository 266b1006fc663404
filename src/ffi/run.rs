//! A run behind a handle. Safe code: the handle is shared between threads, its state is locked.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::answer::{Failure, json};
use super::{XC_DONE, XC_OK, XC_PENDING, request};
use crate::control::Catalog;
use crate::evaluate::{Order, Outcome, Run, Scan, Step, Summary};
use crate::probe::Stop;
use crate::problem::Problem;
use crate::report::{SCHEMA_VERSION, Tool, now};
use crate::review::Review;
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
    /// Ends the questions to the network, where there are any.
    stop: Option<Stop>,
    state: Mutex<State>,
}

struct State {
    catalog: Cow<'static, Catalog>,
    targets: Targets,
    scan: Scan,
    review: Review,
    /// The last answer, given again however often it is asked for.
    over: Option<Vec<u8>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Over {
    schema_version: u32,
    tool: Tool,
    generated: String,
    summary: Summary,
    errors: Vec<Problem>,
    cancelled: bool,
    exit_code: u8,
}

impl xc_run {
    /// Reads the request and makes a run of it, with the answer that goes with the handle.
    pub fn start(request: &str) -> Result<(Self, Vec<u8>), Failure> {
        let (request, catalog) = request::run(request)?;
        let mut inventory = Inventory::new(catalog.properties());
        if let Some(targets) = request.targets {
            inventory.read_json_at("/targets", targets.get());
        }
        if let Some(domains) = request.accepted_domains {
            inventory.read_context_at("/acceptedDomains", domains.get());
        }
        request.domains.iter().for_each(|domain| inventory.add_domain(domain));
        let targets = inventory.finish();
        let run = Run::new(&catalog, &targets);
        let network = request.network.settings()?;
        let review = request.review()?;
        let scan = run.scan(&network, Order::AsTheyCome).map_err(|why| Failure::request(why).at_path("/network"))?;
        let errors: Vec<&Problem> = run.problems().chain(review.problems()).collect();
        let answer = json(&serde_json::json!({ "total": scan.progress().total, "errors": errors }));
        let stop = scan.stop();
        let state = State { catalog, targets, scan, review, over: None };
        LIVE.fetch_add(1, Ordering::SeqCst);
        Ok((xc_run { cancelled: AtomicBool::new(false), stop, state: Mutex::new(state) }, answer))
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
        // Results that were made, and those of them that are wanted.
        let (mut made, mut count) = (0, 0);
        let mut pending = false;
        while count < BATCH && batch.len() < BATCH_BYTES && !self.is_cancelled() {
            // The first that is wanted is worth waiting for; what else there is goes with it.
            let now = Instant::now();
            let wait = if count == 0 { until.saturating_duration_since(now) } else { Duration::ZERO };
            if made > 0 && now >= until {
                pending = true;
                break;
            }
            match state.scan.next(run, wait) {
                Step::Result(result) => {
                    made += 1;
                    let Some(result) = state.review.mark(*result) else { continue };
                    if count > 0 {
                        batch.push(b',');
                    }
                    batch.extend(json(&result));
                    count += 1;
                }
                Step::Pending => {
                    pending = true;
                    break;
                }
                Step::Over => break,
            }
        }
        if count == 0 && pending && !self.is_cancelled() {
            return Ok((XC_PENDING, json(&serde_json::json!({ "progress": state.scan.progress() }))));
        }
        if count == 0 {
            state.scan.end();
            let over = json(&self.over(run, state.scan.summary(run), &mut state.review));
            state.over = Some(over.clone());
            return Ok((XC_DONE, over));
        }
        batch.extend(br#"],"progress":"#);
        batch.extend(json(&state.scan.progress()));
        batch.push(b'}');
        Ok((XC_OK, batch))
    }

    /// Ends the run, and with it a call that waits; all sockets are closed.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        if let Some(stop) = &self.stop {
            stop.stop();
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    fn over(&self, run: Run, summary: Summary, review: &mut Review) -> Over {
        // Read once: it may be cancelled at any moment.
        let cancelled = self.is_cancelled();
        let problems = run.problems().cloned().collect();
        let (summary, errors) =
            if cancelled { review.break_off(summary, problems) } else { review.conclude(summary, problems) };
        let exit_code = if cancelled { Outcome::NotDone } else { Outcome::of(&summary, errors.iter()) };
        Over {
            schema_version: SCHEMA_VERSION,
            tool: Tool::default(),
            generated: now(),
            errors,
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
