//! The bytes that cross: requests borrowed from the caller, answers owned by it until it frees them.

use libc::size_t;
use serde::Serialize;

use super::{XC_ERROR_INTERNAL, XC_ERROR_NULL, XC_ERROR_REQUEST, XC_ERROR_UTF8};

/// Why a call could not do what it is for.
#[derive(Debug)]
pub struct Failure {
    pub status: u32,
    code: &'static str,
    message: String,
    path: Option<String>,
}

impl Failure {
    pub fn new(status: u32, code: &'static str, message: impl Into<String>) -> Self {
        Failure { status, code, message: message.into(), path: None }
    }

    pub fn null(parameter: &str) -> Self {
        Failure::new(XC_ERROR_NULL, "null-argument", format!("the argument {parameter} is NULL"))
    }

    pub fn request(message: impl Into<String>) -> Self {
        Failure::new(XC_ERROR_REQUEST, "invalid-request", message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Failure::new(XC_ERROR_INTERNAL, "internal-error", message)
    }

    pub fn at_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The answer that tells of it.
    pub fn to_json(&self) -> Vec<u8> {
        json(&serde_json::json!({ "error": { "code": self.code, "message": self.message, "path": self.path } }))
    }
}

/// An answer as JSON. What is serialized here has no part that could fail.
pub fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// The text of a request. NULL with length 0 is an empty one.
///
/// # Safety
/// `bytes` is NULL or points to `length` bytes that stay as they are during `'a`.
pub unsafe fn text<'a>(bytes: *const u8, length: size_t) -> Result<&'a str, Failure> {
    if length == 0 {
        return Ok("");
    }
    if bytes.is_null() {
        return Err(Failure::null("request"));
    }
    if isize::try_from(length).is_err() {
        return Err(Failure::request(format!("a request cannot be {length} bytes long")));
    }
    // SAFETY: the caller's promise, and neither NULL nor longer than an object can be.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    std::str::from_utf8(bytes).map_err(|error| {
        let message = format!("the request is not UTF-8: byte {} cannot be decoded", error.valid_up_to());
        Failure::new(XC_ERROR_UTF8, "invalid-utf8", message)
    })
}

/// Hands an answer over to the caller.
///
/// # Safety
/// `answer` and `answer_length` are writable.
pub unsafe fn give(bytes: Vec<u8>, answer: *mut *mut u8, answer_length: *mut size_t) {
    let bytes = bytes.into_boxed_slice();
    let length = bytes.len();
    // SAFETY: the caller's promise.
    unsafe {
        answer.write(Box::into_raw(bytes).cast::<u8>());
        answer_length.write(length);
    }
}

/// Takes an answer back.
///
/// # Safety
/// `answer` is NULL or came from [`give`] with this length.
pub unsafe fn free(answer: *mut u8, answer_length: size_t) {
    if !answer.is_null() {
        let slice = std::ptr::slice_from_raw_parts_mut(answer, answer_length);
        // SAFETY: it is the boxed slice that `give` took apart.
        drop(unsafe { Box::from_raw(slice) });
    }
}
