//! The C ABI.
//!
//! Bytes in, bytes out: requests and answers are UTF-8 JSON as pointer and length. No structs, strings or callbacks
//! cross, so that the same declarations serve C, .NET Framework and .NET. Each call returns a status below 16 on success
//! and one from 16 on for an error, and gives a buffer: the answer, or `{"error":{"code","message","path"}}`. The buffer
//! is the caller's until it is given back with [`xc_buffer_free`]. What each function takes and gives is said in the
//! header `include/exchange_control.h`, which is made from the comments here.
//!
//! Panics never cross, nothing is printed, and nothing (no thread, socket or memory) outlives [`xc_run_free`] and the
//! freeing of the buffers. This module and the ones below it are the only unsafe code.
#![allow(unsafe_code)]

mod answer;
#[doc(hidden)]
pub mod client;
mod guard;
mod request;
mod run;

use libc::size_t;

use answer::Failure;
use guard::guarded;
pub use run::xc_run;

/// The version of this interface. It changes when a caller would have to.
pub const XC_ABI_VERSION: u32 = 1;

/// The call did what it is for, and the buffer holds the answer.
pub const XC_OK: u32 = 0;
/// Nothing came within the time-out; ask again. The buffer holds the progress.
pub const XC_PENDING: u32 = 1;
/// The run is over. The buffer holds the summary.
pub const XC_DONE: u32 = 2;
/// A pointer that must not be NULL is. Where it is `answer` or `answer_length` itself, there is no buffer.
pub const XC_ERROR_NULL: u32 = 16;
/// The request is not UTF-8.
pub const XC_ERROR_UTF8: u32 = 17;
/// The request is not JSON, or not of the shape that the function takes.
pub const XC_ERROR_REQUEST: u32 = 18;
/// None of the controls that were asked for is there and valid.
pub const XC_ERROR_NO_CONTROL: u32 = 19;
/// A fault of the library. The handle that the call was given must only be freed.
pub const XC_ERROR_INTERNAL: u32 = 31;

/// The version of the interface, XC_ABI_VERSION when the library was built. A caller made for another must not go on.
#[unsafe(no_mangle)]
pub extern "C" fn xc_abi_version() -> u32 {
    XC_ABI_VERSION
}

/// Name and version: {"name":"exchange-control","version":"0.1.0","abiVersion":1}
///
/// # Safety
/// `answer` and `answer_length` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xc_version(answer: *mut *mut u8, answer_length: *mut size_t) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { guarded(answer, answer_length, || Ok((XC_OK, request::version()))) }
}

/// Lists the controls.
///
/// Request (NULL with length 0, or {}, for the built-in ones):
///   {"controlPaths":["folder"],"controlIds":["EDCA-TLS-011","EX16-*"]}
/// Answer:
///   {"schemaVersion":1,"controls":[{"id","title","description","verify","subject","category","severity",
///     "severityWeight","frameworks","references":[{"name","url"}],"remediation":{"automatable","description",
///     "scriptTemplate"},"considerations","roles","stig","target","probe","source","warnings":[],"check"}],
///    "fields":{"SendConnector":["Name"],"AcceptedDomain":["DomainName"]},
///    "errors":[{"code","message","source","path","line"}]}
/// "fields" names the properties that a caller has to send of each kind of target for these controls.
///
/// # Safety
/// `request` is NULL or points to `request_length` readable bytes; `answer` and `answer_length` are NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xc_controls(
    request: *const u8,
    request_length: size_t,
    answer: *mut *mut u8,
    answer_length: *mut size_t,
) -> u32 {
    // SAFETY: as the caller promises.
    unsafe {
        guarded(answer, answer_length, || {
            let request = answer::text(request, request_length)?;
            request::controls(request).map(|answer| (XC_OK, answer))
        })
    }
}

/// Starts a run of controls over targets, and writes its handle to `run` if the status is XC_OK.
///
/// Request, in which "targets" or "domains" is required and the rest may be left out:
///   {"targets":[{"Name":"Internet","IgnoreSTARTTLS":false,"AddressSpaces":["SMTP:*;1"]}],
///    "domains":["contoso.com"],"acceptedDomains":[{"DomainName":"contoso.com","DomainType":"Authoritative"}],
///    "controlIds":["*"],"controlPaths":["folder"],
///    "exceptionsPath":"exceptions.json","baselinePath":"earlier.json","onlyNew":false,
///    "network":{"offline":false,"dnsServers":["192.0.2.53","192.0.2.54:5353"],"timeoutSeconds":60,
///      "throttleLimit":128,"roots":"mozilla","proxy":"http://proxy:8080","allowPrivateAddress":false}}
/// A target is an object of its properties: text, number, true or false, null, or a list of these; "PSTypeName" may name
/// its type. Controls whose targets are absent are not run. Accepted domains serve to tell where connectors lead, too.
/// "domains" are tested by their names alone. "acceptedDomains" only serve to tell where connectors lead, and are not
/// tested themselves.
/// "network" says how probes ask: "dnsServers" in place of the system's; "timeoutSeconds" (1 to 3600) for an answer over
/// HTTPS once connected; "throttleLimit" (1 to 1024) domains at once; "roots" is "mozilla", "system" or the path of a
/// PEM file; with "offline" nothing is asked, and what needs the network is Unknown.
/// "exceptionsPath" names a file of accepted risks: results that it covers have "exception":{"justification","owner",
/// "expires"} and do not count. "baselinePath" names an earlier result document: results say in "change" how they
/// stand to it ("new", "fixed", "stillFailing", "changedEvidence" or "unchanged"). With "onlyNew" those alone are given
/// that are new or have other evidence, and what was there before does not count towards "exitCode".
/// Answer:
///   {"total":2,"errors":[{"code","message","source","path","line"}]}
///
/// # Safety
/// `request` is NULL or points to `request_length` readable bytes; the other pointers are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xc_run_start(
    request: *const u8,
    request_length: size_t,
    run: *mut *mut xc_run,
    answer: *mut *mut u8,
    answer_length: *mut size_t,
) -> u32 {
    // SAFETY: as the caller promises.
    unsafe {
        if !run.is_null() {
            run.write(std::ptr::null_mut());
        }
        guarded(answer, answer_length, || {
            if run.is_null() {
                return Err(Failure::null("run"));
            }
            let request = answer::text(request, request_length)?;
            let (started, answer) = xc_run::start(request)?;
            run.write(Box::into_raw(Box::new(started)));
            Ok((XC_OK, answer))
        })
    }
}

/// Asks a run for what it has got since, waiting at most `timeout_ms` milliseconds for something to come.
///
/// XC_OK:      {"results":[...],"progress":{"done":1,"total":2}}
/// XC_PENDING: {"progress":{"done":0,"total":2,"stages":{"waiting":1,"dns":0,"connect":1,"handshake":0,"headers":0,
///             "body":0}}}
/// XC_DONE:    {"schemaVersion":1,"tool":{"name","version"},"generated","summary":{"counts":{"Pass","Fail","Unknown",
///             "NotApplicable"},"score","controls":[],"frameworks":[]},"errors":[],"cancelled":false,"exitCode":0},
///             and the same again on every later call. Where there are accepted risks, "counts" has "Excepted" and
///             "ExceptedFail"; where there is an earlier document, "summary" has "comparison":{"since","onlyNew",
///             "new","fixed","stillFailing","changedEvidence","unchanged","newFail","newUnknown",
///             "removed":[{"controlId","target","status"}]}.
///
/// Results that need no network come first, in the order of control ids, then of targets; the others as they come in.
/// "stages" tells how many domains are at which stage, while the network is being asked.
/// Threads may ask the same run at once; each result is given to one of them.
///
/// # Safety
/// `run` is NULL or came from xc_run_start and was not freed; `answer` and `answer_length` are NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xc_run_next(
    run: *mut xc_run,
    timeout_ms: u32,
    answer: *mut *mut u8,
    answer_length: *mut size_t,
) -> u32 {
    // SAFETY: as the caller promises.
    unsafe {
        guarded(answer, answer_length, || match run.as_ref() {
            Some(run) => run.next(timeout_ms),
            None => Err(Failure::null("run")),
        })
    }
}

/// Ends a run early, from whichever thread: the next xc_run_next, or one that is waiting, answers XC_DONE with
/// "cancelled": true, and all threads and sockets of the run are gone by then.
/// Returns XC_OK, or XC_ERROR_NULL.
///
/// # Safety
/// `run` is NULL or came from xc_run_start and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xc_run_cancel(run: *mut xc_run) -> u32 {
    // SAFETY: as the caller promises.
    match unsafe { run.as_ref() } {
        Some(run) => {
            run.cancel();
            XC_OK
        }
        None => XC_ERROR_NULL,
    }
}

/// Ends a run and gives back all that it holds. NULL is nothing to free. No other thread may be using the run.
///
/// # Safety
/// `run` is NULL or came from xc_run_start and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xc_run_free(run: *mut xc_run) {
    if !run.is_null() {
        // SAFETY: as the caller promises, it came from Box::into_raw in xc_run_start.
        let run = unsafe { Box::from_raw(run) };
        // There is nobody to tell of a panic here.
        let _ = crate::quiet::quietly(|| drop(run));
    }
}

/// How many runs were started and not freed yet, for tests of callers.
#[unsafe(no_mangle)]
pub extern "C" fn xc_live_runs() -> u32 {
    run::live_runs()
}

/// Renders results as a report.
///
/// Request, with a document as JSON reports have it, or with the results of a run:
///   {"format":"table"|"json"|"ndjson"|"csv"|"sarif"|"junit"|"ckl"|"cklb"|"markdown"|"html",
///    "document":{"schemaVersion":1,...}}
///   {"format":"csv","results":[...],"errors":[{"code","message","source","path","line"}]}
/// Both may have "controlPaths":["folder"], the folders that the run had, and "checklist", for "cklb": the text of a
/// checklist of STIG Viewer 3, which comes back with what the results say in its place. Of "results", the summary is
/// made here; "errors" may be left out. "exceptionsPath", "baselinePath" and "onlyNew" review the results as in
/// xc_run_start; "trendPath", for "html", is a folder of earlier documents, whose sums the page shows over time;
/// what is no such document is listed with the errors.
/// Answer: the report itself, UTF-8 text.
///
/// # Safety
/// `request` is NULL or points to `request_length` readable bytes; `answer` and `answer_length` are NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xc_report(
    request: *const u8,
    request_length: size_t,
    answer: *mut *mut u8,
    answer_length: *mut size_t,
) -> u32 {
    // SAFETY: as the caller promises.
    unsafe {
        guarded(answer, answer_length, || {
            let request = answer::text(request, request_length)?;
            request::report(request).map(|report| (XC_OK, report))
        })
    }
}

/// Gives a buffer back, with the length that came with it. NULL is nothing to free.
///
/// # Safety
/// `answer` is NULL, or came with this length from a function of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xc_buffer_free(answer: *mut u8, answer_length: size_t) {
    // SAFETY: as the caller promises.
    unsafe { answer::free(answer, answer_length) }
}

#[cfg(test)]
mod tests;
