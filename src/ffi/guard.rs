//! The boundary that no panic crosses. A panic becomes a status and an answer, and prints nothing.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use libc::size_t;

use super::XC_ERROR_NULL;
use super::answer::{self, Failure};

thread_local! {
    /// Whether this thread is inside a call.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// Runs the body of a call and hands its answer, or its failure, over.
///
/// # Safety
/// `answer` and `answer_length` are NULL or writable.
pub unsafe fn guarded(
    answer: *mut *mut u8,
    answer_length: *mut size_t,
    body: impl FnOnce() -> Result<(u32, Vec<u8>), Failure>,
) -> u32 {
    // SAFETY: the caller's promise; written first so that a caller who frees without looking frees nothing.
    unsafe {
        if !answer.is_null() {
            answer.write(std::ptr::null_mut());
        }
        if !answer_length.is_null() {
            answer_length.write(0);
        }
    }
    if answer.is_null() || answer_length.is_null() {
        return XC_ERROR_NULL;
    }
    let outcome = quietly(body).unwrap_or_else(|message| Err(Failure::internal(message)));
    let (status, bytes) = outcome.unwrap_or_else(|failure| (failure.status, failure.to_json()));
    // SAFETY: neither is NULL, and the caller's promise.
    unsafe { answer::give(bytes, answer, answer_length) };
    status
}

/// Runs a body; what a panic says comes back as a message.
pub fn quietly<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    // The hook of the host's own Rust code, if it has any, goes on for panics outside a call.
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !INSIDE.try_with(Cell::get).unwrap_or(false) {
                previous(info);
            }
        }));
    });
    let before = INSIDE.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(body));
    INSIDE.set(before);
    outcome.map_err(|payload| {
        let said = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let said = said.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
        format!("a fault of the library, please report it: {said}")
    })
}
