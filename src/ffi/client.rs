//! The C ABI called from Rust, as tests and benches call it: requests lent, answers copied and freed, runs freed when
//! they go. Safe to use, and not part of what the library promises.

use std::ptr::null_mut;

use libc::size_t;

use super::{xc_buffer_free, xc_controls, xc_report, xc_run, xc_run_cancel, xc_run_free, xc_run_next, xc_run_start};

/// A status and the text that came with it.
pub type Answer = (u32, String);

/// A run that is freed when it goes.
pub struct Run(*mut xc_run);

// SAFETY: a run may be asked and cancelled from any thread, and `xc_run` itself is Send and Sync (tests/abi.rs holds it
// to that). Only freeing is exclusive, and that is `drop`.
unsafe impl Send for Run {}
unsafe impl Sync for Run {}

impl Run {
    /// `xc_run_start`; no run where the status is an error.
    pub fn start(request: &[u8]) -> (Option<Run>, Answer) {
        let mut run = null_mut();
        // SAFETY: the request is readable, the other pointers are writable.
        let answer =
            called(|answer, length| unsafe { xc_run_start(request.as_ptr(), request.len(), &mut run, answer, length) });
        ((!run.is_null()).then_some(Run(run)), answer)
    }

    /// `xc_run_next`.
    pub fn next(&self, timeout_ms: u32) -> Answer {
        // SAFETY: the run is live as long as `self` is.
        called(|answer, length| unsafe { xc_run_next(self.0, timeout_ms, answer, length) })
    }

    /// `xc_run_cancel`.
    pub fn cancel(&self) -> u32 {
        // SAFETY: the run is live as long as `self` is.
        unsafe { xc_run_cancel(self.0) }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // SAFETY: it came from xc_run_start and is freed once.
        unsafe { xc_run_free(self.0) }
    }
}

/// `xc_controls`.
pub fn controls(request: &[u8]) -> Answer {
    // SAFETY: the request is readable, the other pointers are writable.
    called(|answer, length| unsafe { xc_controls(request.as_ptr(), request.len(), answer, length) })
}

/// `xc_report`.
pub fn report(request: &[u8]) -> Answer {
    // SAFETY: the request is readable, the other pointers are writable.
    called(|answer, length| unsafe { xc_report(request.as_ptr(), request.len(), answer, length) })
}

/// Calls a function that answers; copies the answer and frees it.
pub(super) fn called(function: impl FnOnce(*mut *mut u8, *mut size_t) -> u32) -> Answer {
    let (mut answer, mut length) = (null_mut(), 0);
    let status = function(&mut answer, &mut length);
    if answer.is_null() {
        return (status, String::new());
    }
    // SAFETY: the library gave this pointer and length, and takes them back once.
    let bytes = unsafe {
        let bytes = std::slice::from_raw_parts(answer, length).to_vec();
        xc_buffer_free(answer, length);
        bytes
    };
    (status, String::from_utf8_lossy(&bytes).into_owned())
}
