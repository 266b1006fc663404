//! The page for people: one HTML file that needs nothing beside it, no server and no network, and whose content is all
//! there without its script. Texts from outside are made visible when they are taken in and escaped by the template.

mod chart;
mod inline;
mod page;
mod section;
mod trend;

pub use trend::Trend;

use std::io::{self, BufWriter, Write};

use askama::Template;

use super::Source;
use crate::evaluate::Summary;
use crate::problem::Problem;
use page::Page;
use section::Sections;

/// Writes the page, with a chart of how earlier documents and this one compare where there are any.
pub fn write(source: &mut dyn Source, trend: Trend, out: &mut dyn Write) -> io::Result<(Summary, Vec<Problem>)> {
    let head = source.head();
    let mut sections = Sections::default();
    while let Some(result) = source.next() {
        sections.add(result);
    }
    let (summary, problems) = source.conclude();
    let page = Page::new(&head.tool, &head.generated, sections, &summary, &problems, trend);
    let mut out = BufWriter::with_capacity(1 << 16, out);
    page.write_into(&mut out)?;
    out.flush()?;
    Ok((summary, problems))
}
