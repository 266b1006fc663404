//! The bar that shows how far a run is while the network is asked, where a person sees it.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use exchange_control::evaluate::Progress;
use exchange_control::probe::Stages;

/// A bar on standard error. It is there only from the first time that the network is asked.
#[derive(Debug, Default)]
pub struct Bar(Option<ProgressBar>);

impl Bar {
    /// Shows how far the run is.
    pub fn show(&mut self, progress: Progress) {
        let Some(stages) = progress.stages else { return self.clear() };
        let bar = self.0.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{bar:24} {pos} of {len}  {msg}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
        bar.set_message(words(stages));
    }

    /// Takes the bar away.
    pub fn clear(&mut self) {
        if let Some(bar) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Whether a bar would be seen, and not stand between the results: `streams` says that they are written as they come.
pub fn is_wanted(streams: bool) -> bool {
    std::io::stderr().is_terminal() && !(streams && std::io::stdout().is_terminal())
}

/// What is going on, for a person.
fn words(stages: Stages) -> String {
    let counts = [
        ("DNS", stages.dns),
        ("connecting", stages.connect),
        ("handshake", stages.handshake),
        ("headers", stages.headers),
        ("body", stages.body),
        ("waiting", stages.waiting),
    ];
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    counts.map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_goes_on() {
        let stages = Stages { dns: 3, body: 1, waiting: 40, ..Stages::default() };
        assert_eq!(words(stages), "DNS 3, body 1, waiting 40");
        assert_eq!(words(Stages::default()), "");
    }
}
