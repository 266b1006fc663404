//! How many connections one address gets at a time: many domains of one provider share it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// Connections to one address at a time.
const PLACES: usize = 16;

/// The addresses of a run. An address is kept once it was seen, so this grows with the run's addresses and no further.
#[derive(Debug, Default)]
pub struct Places {
    addresses: Mutex<HashMap<IpAddr, Arc<Address>>>,
}

#[derive(Debug)]
struct Address {
    places: Arc<Semaphore>,
    /// Whether anybody ever had an answer from it, be it a refusal.
    answers: AtomicBool,
}

/// A place at an address, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    address: Arc<Address>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// Whether anybody ever had an answer from the address.
    pub fn is_at_one_that_answers(&self) -> bool {
        self.address.answers.load(Ordering::Relaxed)
    }

    /// Notes that the address answered.
    pub fn answered(&self) {
        self.address.answers.store(true, Ordering::Relaxed);
    }
}

impl Places {
    /// Waits for a place; who came first is first. None: the deadline passed and the address never answered anybody,
    /// so that waiting for those who hold its places would be waiting for one silence after another. Where it does
    /// answer, the deadline does not count.
    pub async fn wait(&self, address: IpAddr, deadline: Instant) -> Option<Place> {
        let address = self.of(address);
        let acquire = address.places.clone().acquire_owned();
        tokio::pin!(acquire);
        let permit = match timeout_at(deadline, &mut acquire).await {
            Ok(permit) => permit,
            Err(_) if address.answers.load(Ordering::Relaxed) => acquire.await,
            Err(_) => return None,
        };
        // The semaphore is never closed, so this is always some place.
        permit.ok().map(|permit| Place { address, _permit: permit })
    }

    /// A place, if one is free.
    pub fn free(&self, address: IpAddr) -> Option<Place> {
        let address = self.of(address);
        let permit = address.places.clone().try_acquire_owned().ok()?;
        Some(Place { address, _permit: permit })
    }

    fn of(&self, address: IpAddr) -> Arc<Address> {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Address { places: Arc::new(Semaphore::new(PLACES)), answers: AtomicBool::new(false) });
        addresses.entry(address).or_insert_with(new).clone()
    }
}
