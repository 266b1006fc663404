//! The options that say what is known of the results beyond this run.

use std::path::PathBuf;

use exchange_control::problem::Problem;
use exchange_control::review::{Day, Earlier, Review};

/// Options of the commands that write results.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Review")]
pub struct ReviewArguments {
    /// Accepted risks: what this file covers is shown and does not count
    #[arg(long, value_name = "FILE")]
    exceptions: Option<PathBuf>,
    /// Say of each result what changed since this earlier JSON document
    #[arg(long, value_name = "DOCUMENT")]
    baseline: Option<PathBuf>,
    /// Write only what is new since the baseline, and what has other evidence; only what is new decides the exit code
    #[arg(long, requires = "baseline")]
    only_new: bool,
}

impl ReviewArguments {
    /// Reads the files. `Err` where nothing can be compared; what is wrong with accepted risks is among the review's
    /// problems.
    pub fn review(&self) -> Result<Review, Box<Problem>> {
        let earlier = self.baseline.as_deref().map(|document| Earlier { document, only_new: self.only_new });
        Review::read(self.exceptions.as_deref(), earlier, Day::today())
    }
}
