//! Asks about many domains at once, on threads of its own, and hands on what comes of each as soon as it is there.
//! Nothing of it is left once it is dropped: no thread, no socket.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};

use super::Network;
use super::dns::Dns;
use super::https::Https;
use super::mta_sts::record::Id;
use super::mta_sts::{Judgement, Settings, judge, observe};
use super::progress::{Counters, Position, Stages};
use crate::evaluate::Status;
use crate::quiet::quiet_thread;

/// One domain, and who wants to know about it.
#[derive(Debug, Clone)]
pub struct Job {
    pub domain: String,
    pub askers: Vec<Asker>,
}

/// A control's view of a domain: it is observed once, and judged for each.
#[derive(Debug, Clone)]
pub struct Asker {
    pub settings: Arc<Settings>,
    /// The accepted domain includes the subdomains.
    pub with_subdomains: bool,
}

/// What came of a job: a judgement for each asker.
#[derive(Debug)]
pub struct Outcome {
    /// The job's number, in the order in which they were given.
    pub job: usize,
    pub judgements: Vec<Judgement>,
}

/// What [`Engine::receive`] got.
#[derive(Debug)]
pub enum Received {
    Outcome(Outcome),
    /// Nothing came in time.
    Nothing,
    /// Nothing will come any more.
    End,
}

/// A run of jobs.
pub struct Engine {
    inbox: Receiver<Outcome>,
    counters: Arc<Counters>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

/// Ends a run of jobs, from whichever thread.
#[derive(Debug, Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

/// What all jobs of a run share.
struct Shared {
    network: Network,
    dns: Dns,
    https: Https,
    fresh_id: Id,
}

/// More threads than this gain nothing: they wait for the network most of the time.
const MAX_THREADS: usize = 4;

impl Engine {
    /// Begins. `Err` says which setting cannot be used.
    pub fn start(jobs: Vec<Job>, network: &Network) -> Result<Self, String> {
        let shared = Arc::new(Shared {
            dns: Dns::new(network),
            https: Https::new(network)?,
            network: network.clone(),
            fresh_id: Id::at(std::time::SystemTime::now()),
        });
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(MAX_THREADS));
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.min(jobs.len().max(1)))
            .thread_name("exchange-control")
            .on_thread_start(quiet_thread)
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| format!("the system gives no threads to ask the network with: {error}"))?;
        let (outbox, inbox) = channel();
        let counters = Arc::new(Counters::default());
        let (stop, stopped) = watch::channel(false);
        let positions = jobs.iter().map(|_| Position::new(counters.clone())).collect();
        let thread = std::thread::Builder::new()
            .name("exchange-control".to_owned())
            .spawn(move || run(&runtime, stopped, work_off(jobs, positions, shared, outbox)))
            .map_err(|error| format!("the system gives no thread to ask the network with: {error}"))?;
        Ok(Engine { inbox, counters, stop: Stop(Arc::new(stop)), thread: Some(thread) })
    }

    /// Waits for what comes next.
    pub fn receive(&self, timeout: Duration) -> Received {
        match self.inbox.recv_timeout(timeout) {
            Ok(outcome) => Received::Outcome(outcome),
            Err(RecvTimeoutError::Timeout) => Received::Nothing,
            Err(RecvTimeoutError::Disconnected) => Received::End,
        }
    }

    /// How many domains are at which stage.
    pub fn stages(&self) -> Stages {
        self.counters.read()
    }

    /// Something that ends the run.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }
}

impl Stop {
    /// Ends the run: all sockets are closed, and [`Engine::receive`] comes to its end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            // It ends by itself; a panic of it was told of as the end of what comes.
            let _ = thread.join();
        }
    }
}

/// The engine's own thread: until the work is done or stopped. The runtime's threads end with it.
fn run(runtime: &Runtime, mut stopped: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    quiet_thread();
    runtime.block_on(async move {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => {}
            () = work => {}
        }
    });
}

/// Works the jobs off, so many at once as the network's settings say.
async fn work_off(jobs: Vec<Job>, positions: Vec<Position>, shared: Arc<Shared>, outbox: Sender<Outcome>) {
    let throttle = shared.network.throttle.max(1);
    let mut running = JoinSet::new();
    let mut begun: HashMap<task::Id, (usize, usize)> = HashMap::new();
    for (number, (job, position)) in jobs.into_iter().zip(positions).enumerate() {
        if running.len() >= throttle {
            hand_on(running.join_next_with_id().await, &mut begun, &outbox);
        }
        let askers = job.askers.len();
        let task = running.spawn(work(number, job, position, shared.clone()));
        begun.insert(task.id(), (number, askers));
    }
    while !running.is_empty() {
        hand_on(running.join_next_with_id().await, &mut begun, &outbox);
    }
}

/// Hands on what came of a task; one that panicked costs its own domain, no other.
fn hand_on(
    joined: Option<Result<(task::Id, Outcome), JoinError>>,
    begun: &mut HashMap<task::Id, (usize, usize)>,
    outbox: &Sender<Outcome>,
) {
    let outcome = match joined {
        None => return,
        Some(Ok((id, outcome))) => {
            begun.remove(&id);
            outcome
        }
        Some(Err(error)) => {
            let Some((job, askers)) = begun.remove(&error.id()) else { return };
            let why = "a fault of the library, please report it: the probe of this domain broke";
            let fault = Judgement::without_asking(Status::Unknown, why);
            Outcome { job, judgements: vec![fault; askers] }
        }
    };
    // Nobody may be left to be told: the run is being dropped.
    let _ = outbox.send(outcome);
}

async fn work(number: usize, job: Job, position: Position, shared: Arc<Shared>) -> Outcome {
    let Shared { network, dns, https, fresh_id } = &*shared;
    let observation = observe(&job.domain, dns, https, network, &position).await;
    let judgements =
        job.askers.iter().map(|asker| judge(&observation, asker.with_subdomains, &asker.settings, fresh_id)).collect();
    Outcome { job: number, judgements }
}
