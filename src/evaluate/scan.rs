//! A run being worked off: what needs no network is judged when it is asked for, the rest while it comes in.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::result::ControlResult;
use super::run::Run;
use super::summary::Summary;
use super::verdict::{Stage, Status, judge};
use crate::control::{Control, Probe};
use crate::probe::mta_sts::{Judgement, Settings, Subject, classify};
use crate::probe::{Asker, Engine, Job, Network, Outcome, Received, Stages, Stop};
use crate::target::{Target, Value};

/// In which order results come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By control, then by target, as documents have them.
    Document,
    /// Each as soon as it is there.
    AsTheyCome,
}

/// What [`Scan::next`] got.
#[derive(Debug)]
pub enum Step {
    Result(Box<ControlResult>),
    /// Nothing came in time.
    Pending,
    Over,
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Results that were given.
    pub done: usize,
    /// Results that there will be.
    pub total: usize,
    /// How many domains are at which stage, while the network is being asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stages: Option<Stages>,
}

/// A run being worked off. It does not hold on to the [`Run`], which has to be the same one at every call.
pub struct Scan {
    order: Order,
    cursor: Place,
    /// The results that wait for the network.
    asked: HashMap<Place, Asked>,
    engine: Option<Engine>,
    /// Of each job, whose results it decides: as many as the job has askers.
    jobs: Vec<Vec<Place>>,
    /// Results that are there and were not given yet, where they are given as they come.
    ready: VecDeque<(Place, Judgement)>,
    summary: Summary,
    done: usize,
    total: usize,
}

/// A control and a target, by their numbers in the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Place {
    control: usize,
    target: usize,
}

/// What became of a question to the network.
enum Asked {
    Waiting,
    Judged(Judgement),
    /// The same domain came before.
    Repeated,
}

impl Scan {
    /// A scan that leaves the network alone.
    pub fn offline(run: Run) -> Self {
        Self::prepared(run, true, Order::Document).0
    }

    pub(super) fn start(run: Run, network: &Network, order: Order) -> Result<Self, String> {
        let (mut scan, jobs) = Self::prepared(run, network.offline, order);
        if !jobs.is_empty() {
            scan.engine = Some(Engine::start(jobs, network)?);
        }
        Ok(scan)
    }

    /// What comes next, waiting at most so long where it has to be waited for.
    pub fn next(&mut self, run: Run, timeout: Duration) -> Step {
        let until = Instant::now() + timeout;
        loop {
            if let Some((control, result)) = self.at_hand(run) {
                self.summary.add(&result, control.verify);
                self.done += 1;
                return Step::Result(Box::new(result));
            }
            let Some(engine) = &self.engine else { return Step::Over };
            match engine.receive(until.saturating_duration_since(Instant::now())) {
                Received::Outcome(outcome) => self.take(outcome),
                Received::Nothing => return Step::Pending,
                Received::End => self.engine = None,
            }
        }
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        Progress { done: self.done, total: self.total, stages: self.engine.as_ref().map(Engine::stages) }
    }

    /// What the results that were given come to.
    pub fn summary(&self, run: Run) -> Summary {
        self.summary.clone().finish(run.catalog.controls())
    }

    /// Something that ends the questions to the network from another thread; what is not known by then is left out.
    pub fn stop(&self) -> Option<Stop> {
        self.engine.as_ref().map(Engine::stop)
    }

    /// Ends the questions to the network, and all that belongs to them, before this returns.
    pub fn end(&mut self) {
        self.engine = None;
    }

    /// Looks for what has to be asked of the network: each domain once, whoever wants to know about it.
    fn prepared(run: Run, offline: bool, order: Order) -> (Self, Vec<Job>) {
        let mut scan = Scan {
            order,
            cursor: Place::default(),
            asked: HashMap::new(),
            engine: None,
            jobs: Vec::new(),
            ready: VecDeque::new(),
            summary: Summary::default(),
            done: 0,
            total: 0,
        };
        let mut jobs: Vec<Job> = Vec::new();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for (number, control) in run.catalog.controls().iter().enumerate() {
            let Some(kind) = control.target() else {
                scan.total += 1;
                continue;
            };
            let mut known = HashSet::new();
            for (index, target) in run.targets.all().iter().enumerate().filter(|(_, target)| target.kind == kind) {
                scan.total += 1;
                let Some((settings, domain, with_subdomains)) = question(control, target) else { continue };
                let place = Place { control: number, target: index };
                if !known.insert((domain.clone(), with_subdomains)) {
                    scan.asked.insert(place, Asked::Repeated);
                    scan.total -= 1;
                } else if !offline {
                    let job = *numbers.entry(domain.clone()).or_insert_with(|| {
                        jobs.push(Job { domain, askers: Vec::new() });
                        scan.jobs.push(Vec::new());
                        jobs.len() - 1
                    });
                    jobs[job].askers.push(Asker { settings: settings.clone(), with_subdomains });
                    scan.jobs[job].push(place);
                    scan.asked.insert(place, Asked::Waiting);
                }
            }
        }
        (scan, jobs)
    }

    /// The next result that needs no waiting.
    fn at_hand<'a>(&mut self, run: Run<'a>) -> Option<(&'a Control, ControlResult)> {
        while let Some(control) = run.control(self.cursor.control) {
            let place = self.cursor;
            let Some(kind) = control.target() else {
                self.cursor = Place { control: place.control + 1, target: 0 };
                let result = ControlResult::without_check(control, &judge(control, &Default::default()));
                return Some((control, result));
            };
            let Some(target) = run.targets.all().get(place.target) else {
                self.cursor = Place { control: place.control + 1, target: 0 };
                continue;
            };
            if target.kind == kind {
                match self.asked.get(&place) {
                    Some(Asked::Waiting) if self.order == Order::Document && self.engine.is_some() => return None,
                    Some(Asked::Waiting | Asked::Repeated) => {}
                    Some(Asked::Judged(_)) => {
                        self.cursor.target += 1;
                        let Some(Asked::Judged(judgement)) = self.asked.remove(&place) else { continue };
                        return Some((control, ControlResult::of_probe(control, target, judgement)));
                    }
                    None => {
                        self.cursor.target += 1;
                        return Some((control, without_network(control, target)));
                    }
                }
            }
            self.cursor.target += 1;
        }
        let (place, judgement) = self.ready.pop_front()?;
        let (control, target) = (run.control(place.control)?, run.targets.all().get(place.target)?);
        Some((control, ControlResult::of_probe(control, target, judgement)))
    }

    /// Takes in what came of a question.
    fn take(&mut self, outcome: Outcome) {
        let places = self.jobs.get_mut(outcome.job).map(std::mem::take).unwrap_or_default();
        for (place, judgement) in places.into_iter().zip(outcome.judgements) {
            match self.order {
                Order::Document => _ = self.asked.insert(place, Asked::Judged(judgement)),
                Order::AsTheyCome => self.ready.push_back((place, judgement)),
            }
        }
    }
}

/// The result that can be had without the network.
fn without_network(control: &Control, target: &Target) -> ControlResult {
    let verdict = judge(control, &target.facts);
    let Stage::Probe(Probe::MtaSts(settings)) = verdict.stage else {
        return ControlResult::of(control, target, &verdict);
    };
    match subject(target, settings) {
        Some(Subject::NotApplicable(reason)) => {
            ControlResult::of_probe(control, target, Judgement::without_asking(Status::NotApplicable, reason))
        }
        Some(Subject::Unreadable(reason)) => {
            ControlResult::of_probe(control, target, Judgement::without_asking(Status::Unknown, reason))
        }
        None => {
            let reason = target.facts.why_missing("domainname").map_or_else(
                || "DomainName is missing from the input".to_owned(),
                |why| format!("DomainName is not known: {why}"),
            );
            ControlResult::of_probe(control, target, Judgement::without_asking(Status::Unknown, reason))
        }
        Some(Subject::Ask { .. }) => ControlResult::of(control, target, &verdict),
    }
}

/// What a domain's name says of how it can be asked about.
fn subject(target: &Target, settings: &Settings) -> Option<Subject> {
    target.facts.get("domainname").and_then(Value::as_text).map(|name| classify(name, settings))
}

/// What has to be asked of the network to judge a target, if anything has: with which settings, which domain, and
/// whether the target includes its subdomains.
fn question<'a>(control: &'a Control, target: &'a Target) -> Option<(&'a Arc<Settings>, String, bool)> {
    control.probe()?;
    let Stage::Probe(Probe::MtaSts(settings)) = judge(control, &target.facts).stage else { return None };
    match subject(target, settings)? {
        Subject::Ask { domain, with_subdomains } => Some((settings, domain, with_subdomains)),
        Subject::NotApplicable(_) | Subject::Unreadable(_) => None,
    }
}
