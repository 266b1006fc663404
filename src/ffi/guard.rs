//! The boundary that no panic crosses. A panic becomes a status and an answer, and prints nothing.

use libc::size_t;

use super::XC_ERROR_NULL;
use super::answer::{self, Failure};
use crate::quiet::quietly;

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
