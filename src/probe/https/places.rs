//! How many connections one address gets at a time: many domains of one provider share it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections to one address at a time.
const PLACES: usize = 16;

/// The addresses of a run. An address is kept once it was seen, so this grows with the run's addresses and no further.
#[derive(Debug, Default)]
pub struct Places {
    addresses: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
}

/// A place at an address, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// Waits for a place; who came first is first.
    pub async fn wait(&self, address: IpAddr) -> Option<Place> {
        // The semaphore is never closed, so this is always some place.
        self.of(address).acquire_owned().await.ok().map(|permit| Place { _permit: permit })
    }

    /// A place, if one is free.
    pub fn free(&self, address: IpAddr) -> Option<Place> {
        self.of(address).try_acquire_owned().ok().map(|permit| Place { _permit: permit })
    }

    fn of(&self, address: IpAddr) -> Arc<Semaphore> {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        addresses.entry(address).or_insert_with(|| Arc::new(Semaphore::new(PLACES))).clone()
    }
}
