//! XML as reports need it: indented, with every text in a form that XML can hold.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::text::visible_lines;

/// A document that is being written.
pub type Document<'a> = Writer<&'a mut dyn Write>;

/// Starts a document.
pub fn document(out: &mut dyn Write) -> io::Result<Document<'_>> {
    let mut document = Writer::new_with_indent(out, b' ', 2);
    document.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    Ok(document)
}

/// Writes an element that holds a text.
pub fn text_element(document: &mut Document, name: &str, text: &str) -> io::Result<()> {
    document.create_element(name).write_text_content(BytesText::new(&visible_lines(text)))?;
    Ok(())
}
