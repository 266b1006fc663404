//! Panics that are caught and print nothing: a library inside a host has no business on the host's standard error.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// Whether a panic on this thread is caught by us.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// Runs a body; what a panic says comes back as a message.
pub fn quietly<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    set_hook();
    let before = QUIET.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(body));
    QUIET.set(before);
    outcome.map_err(|payload| {
        let said = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let said = said.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
        format!("a fault of the library, please report it: {said}")
    })
}

/// Makes the panics of this thread print nothing, for threads of ours whose panics are caught by others.
pub fn quiet_thread() {
    set_hook();
    QUIET.set(true);
}

/// The hook of the host's own Rust code, if it has any, goes on for panics that are not ours.
fn set_hook() {
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.try_with(Cell::get).unwrap_or(false) {
                previous(info);
            }
        }));
    });
}
