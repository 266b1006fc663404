//! Reads what `Export-Clixml` writes (PowerShell's CLIXML): one pass over the text, keeping of each object what is asked
//! for, and of the objects that are referred to again what they stand for.
//!
//! Document types and entities of one's own are refused, and so is nesting that no export has.

use std::borrow::Cow;
use std::collections::HashMap;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader as Xml;

use super::super::face::{Members, face};
use super::super::value::{duration_ticks, time_span_text};
use super::super::{Facts, Properties, Target, Value};
use super::{Sink, unknown_object};
use crate::problem::{Code, Problem};

/// How deep objects may nest. `Export-Clixml` itself stops far above.
const MAX_DEPTH: usize = 64;

/// What references may repeat in the smallest file, in bytes and values.
const MIN_UNFOLDING: usize = 1024 * 1024;
/// How much of a type's name is kept, in characters. .NET's generic types have long ones.
const MAX_TYPE_NAME: usize = 256;

/// Reads every target of a CLIXML text.
pub fn read(source: &str, text: &str, properties: &Properties, sink: &mut dyn Sink) {
    let mut xml = Xml::from_str(text);
    xml.config_mut().check_end_names = true;
    let mut reader = Reader {
        xml,
        text,
        source,
        properties,
        sink,
        types: HashMap::new(),
        referenced: referenced(text),
        unfolding: text.len().max(MIN_UNFOLDING),
        counted: (0, 0),
    };
    if let Err(failure) = reader.document() {
        reader.report(Code::UnreadableInput, || Problem::new(Code::UnreadableInput, failure.0.clone()));
    }
}

/// The ids that some `<Ref RefId="…"/>` names. Only such objects have to be remembered.
fn referenced(text: &str) -> HashMap<u32, Value> {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(bytes, b"<Ref ")
        .filter_map(|at| {
            // An element of a name and a number is short; what does not end soon is none.
            let element = &bytes[at + 1..bytes.len().min(at + 256)];
            let element = &element[..memchr::memchr2(b'<', b'>', element)?];
            let id = attribute_in(std::str::from_utf8(element).ok()?, "RefId")?;
            Some((id.trim().parse().ok()?, Value::Opaque))
        })
        .collect()
}

/// The value of an attribute, as it is written between its quotes. `element` may begin with the element's name.
fn attribute_in<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    // Plain loops: what is looked through is a few bytes long.
    let bytes = element.as_bytes();
    let mut at = 0;
    loop {
        let mut start = at;
        while *bytes.get(at)? != b'=' {
            let begins = at > 0 && bytes[at - 1].is_ascii_whitespace() && !bytes[at].is_ascii_whitespace();
            start = if begins { at } else { start };
            at += 1;
        }
        let is_wanted = bytes[start..at].trim_ascii() == name.as_bytes();
        at += 1;
        while bytes.get(at)?.is_ascii_whitespace() {
            at += 1;
        }
        let quote = Some(bytes[at]).filter(|byte| matches!(byte, b'"' | b'\''))?;
        let value = at + 1;
        at = value;
        while *bytes.get(at)? != quote {
            at += 1;
        }
        if is_wanted {
            return element.get(value..at);
        }
        at += 1;
    }
}

/// Why reading stopped.
struct Failure(Cow<'static, str>);

impl From<&'static str> for Failure {
    fn from(message: &'static str) -> Self {
        Failure(message.into())
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure(message.into())
    }
}

impl From<quick_xml::Error> for Failure {
    fn from(error: quick_xml::Error) -> Self {
        Failure(format!("not well-formed XML: {error}; export the objects again").into())
    }
}

impl From<quick_xml::events::attributes::AttrError> for Failure {
    fn from(error: quick_xml::events::attributes::AttrError) -> Self {
        quick_xml::Error::from(error).into()
    }
}

type Outcome<T> = Result<T, Failure>;

struct Reader<'r> {
    xml: Xml<&'r [u8]>,
    text: &'r str,
    source: &'r str,
    properties: &'r Properties,
    sink: &'r mut dyn Sink,
    /// The first name of each type, by the id of its `TN`.
    types: HashMap<u32, String>,
    /// What the objects stand for that are referred to later on.
    referenced: HashMap<u32, Value>,
    /// What references may still repeat, in bytes and values. Without a limit a small file could unfold to any size.
    unfolding: usize,
    /// How far lines were counted, and how many there were.
    counted: (usize, usize),
}

const CUT_OFF: &str = "the file was cut off before </Objs>; export the objects again";

/// An element that has begun.
struct Element<'r> {
    start: BytesStart<'r>,
    /// `<Nil/>`: there is no end to wait for.
    empty: bool,
}

impl Element<'_> {
    fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// The attribute `RefId`.
    fn id(&self) -> Outcome<Option<u32>> {
        let Some(text) = self.attribute("RefId")? else { return Ok(None) };
        let id = text.trim().parse().map_err(|_| Failure(format!("RefId=\"{text}\" is no number").into()))?;
        Ok(Some(id))
    }

    /// The attribute `N`, the name of the property that the element is the value of.
    fn property_name(&self) -> Outcome<Option<Cow<'_, str>>> {
        let name = self.attribute("N")?;
        Ok(name.map(|name| if name.contains('_') { Cow::Owned(unescape(name)) } else { name }))
    }

    fn attribute(&self, name: &str) -> Outcome<Option<Cow<'_, str>>> {
        // Nearly all attributes are plain, and there are two on every element. What is not found so is looked for by the
        // book, which knows what is wrong and what is merely not there.
        let raw = self.start.attributes_raw();
        if !raw.bytes().any(|byte| byte == b'&' || byte < b' ')
            && let Some(value) = attribute_in(raw, name)
        {
            return Ok(Some(Cow::Borrowed(value)));
        }
        for attribute in self.start.attributes().with_checks(false) {
            let attribute = attribute?;
            if attribute.key.into_inner() == name {
                return Ok(Some(attribute.normalized_value(XmlVersion::Implicit1_0)?));
            }
        }
        Ok(None)
    }
}

/// What an element is read for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Its properties may make it a target.
    Target,
    /// It is the value of a property that is asked for.
    Value,
    /// Nobody asks, but something inside may be referred to later.
    Nothing,
}

/// An object as far as it is read.
#[derive(Default)]
struct Object {
    type_name: Option<String>,
    shown: Option<String>,
    plain: Option<Value>,
    list: Option<Vec<Value>>,
    facts: Facts,
    members: Members,
    /// Whether it is a list or a dictionary, and what it holds was looked at in its own right.
    holds_others: bool,
}

impl Object {
    /// The value that the object stands for.
    fn value(self) -> Value {
        match (self.list, self.shown, self.plain) {
            (Some(list), _, _) => Value::List(list.into()),
            (None, Some(shown), _) => Value::text(shown),
            (None, None, Some(plain)) => plain,
            (None, None, None) => face(self.members),
        }
    }
}

impl<'r> Reader<'r> {
    /// Reads the whole text: `<Objs>` and what stands in it.
    fn document(&mut self) -> Outcome<()> {
        let empty = loop {
            match self.event()? {
                Event::Start(start) if start.local_name().as_ref() == "Objs" => break false,
                Event::Empty(start) if start.local_name().as_ref() == "Objs" => break true,
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::Text(text) if text.trim().is_empty() => {}
                Event::Eof => return Err(CUT_OFF.into()),
                _ => return Err("expected <Objs>, the root of what Export-Clixml writes".into()),
            }
        };
        if !empty {
            while let Some(element) = self.child()? {
                self.element(&element, Wanted::Target, 0)?;
            }
        }
        loop {
            match self.event()? {
                Event::Eof => return Ok(()),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Text(text) if text.trim().is_empty() => {}
                _ => return Err("expected nothing after </Objs>".into()),
            }
        }
    }

    /// The next event. Document types, which could define entities, are refused wherever they stand.
    #[inline(always)]
    fn event(&mut self) -> Outcome<Event<'r>> {
        match self.xml.read_event()? {
            Event::DocType(_) => Err("a document type is not allowed in CLIXML; export the objects again".into()),
            event => Ok(event),
        }
    }

    /// The next child of the element that is open, or None at its end.
    fn child(&mut self) -> Outcome<Option<Element<'r>>> {
        // Between elements stands layout alone, which is trimmed away and makes no event.
        self.xml.config_mut().trim_text_start = true;
        loop {
            match self.event()? {
                Event::Start(start) => return Ok(Some(Element { start, empty: false })),
                Event::Empty(start) => return Ok(Some(Element { start, empty: true })),
                Event::End(_) => return Ok(None),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => return Err(CUT_OFF.into()),
                _ => return Err("unexpected text between the elements".into()),
            }
        }
    }

    /// Reads an element that stands for a value.
    fn element(&mut self, element: &Element<'r>, wanted: Wanted, depth: usize) -> Outcome<Value> {
        match element.name() {
            "Obj" => return self.object(element, wanted, depth),
            "Ref" => return self.reference(element, wanted),
            _ => {}
        }
        if wanted == Wanted::Target {
            self.report(Code::UnknownObject, || {
                Problem::new(Code::UnknownObject, "expected an object, found a lone value")
            });
        }
        self.primitive(element, wanted)
    }

    fn primitive(&mut self, element: &Element<'r>, wanted: Wanted) -> Outcome<Value> {
        if wanted != Wanted::Value {
            self.skip(element)?;
            return Ok(Value::Opaque);
        }
        let value = match element.name() {
            "Nil" => {
                self.skip(element)?;
                Value::Null
            }
            "S" | "URI" | "XD" | "SBK" | "Version" | "G" | "DT" => Value::text(unescape(self.text(element)?)),
            "B" => match &*self.text(element)? {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                other => Value::text(other),
            },
            "I32" | "I64" | "I16" | "SB" | "U32" | "U64" | "U16" | "By" => {
                let text = self.text(element)?;
                text.parse().map_or_else(|_| number(&text), Value::Integer)
            }
            "Db" | "Sg" | "D" => number(&self.text(element)?),
            "C" => {
                let text = self.text(element)?;
                text.parse().ok().and_then(char::from_u32).map_or(Value::Opaque, |c| Value::text(c.to_string()))
            }
            "TS" => {
                let text = self.text(element)?;
                Value::text(duration_ticks(&text).map_or_else(|| text.into_owned(), time_span_text))
            }
            // Bytes and secrets among them: never looked at.
            _ => {
                self.skip(element)?;
                Value::Opaque
            }
        };
        Ok(value)
    }

    fn reference(&mut self, element: &Element<'r>, wanted: Wanted) -> Outcome<Value> {
        self.skip(element)?;
        let id = element.id()?.ok_or("a <Ref> without RefId")?;
        let Some(value) = self.referenced.get(&id).filter(|_| wanted == Wanted::Value) else {
            return Ok(Value::Opaque);
        };
        let left = self.unfolding.checked_sub(weight(value));
        self.unfolding = left.ok_or("the references unfold to more than the file holds; export the objects again")?;
        Ok(value.clone())
    }

    fn object(&mut self, element: &Element<'r>, wanted: Wanted, depth: usize) -> Outcome<Value> {
        if depth >= MAX_DEPTH {
            return Err(
                format!("objects are nested more than {MAX_DEPTH} levels deep; export with a smaller -Depth").into()
            );
        }
        let id = element.id()?.filter(|id| self.referenced.contains_key(id));
        let inside = if wanted == Wanted::Nothing && id.is_some() { Wanted::Value } else { wanted };
        let mut object = Object::default();
        if !element.empty {
            while let Some(part) = self.child()? {
                self.part(&part, inside, depth, &mut object)?;
            }
        }
        if wanted == Wanted::Target {
            let facts = std::mem::take(&mut object.facts);
            match Target::recognise(facts, object.type_name.as_deref()) {
                Some(target) => self.sink.accept(target),
                None if object.holds_others => {}
                None => self.report(Code::UnknownObject, || unknown_object(object.type_name.as_deref())),
            }
        }
        if inside == Wanted::Nothing {
            return Ok(Value::Opaque);
        }
        let value = object.value();
        if let Some(id) = id {
            self.referenced.insert(id, value.clone());
        }
        Ok(value)
    }

    /// One part of an object: its type, its text, its properties, its elements, or the value that it wraps.
    fn part(&mut self, part: &Element<'r>, wanted: Wanted, depth: usize, object: &mut Object) -> Outcome<()> {
        match part.name() {
            "TN" => object.type_name = self.type_names(part)?,
            "TNRef" => {
                self.skip(part)?;
                object.type_name = part.id()?.and_then(|id| self.types.get(&id)).cloned();
            }
            "ToString" if wanted == Wanted::Value => object.shown = Some(unescape(self.text(part)?)),
            "ToString" => self.skip(part)?,
            "Props" | "MS" => self.properties_of(part, wanted, depth, object)?,
            "LST" | "IE" | "STK" | "QUE" => self.elements_of(part, wanted, depth, object)?,
            "DCT" => self.entries_of(part, wanted, depth, object)?,
            _ => object.plain = Some(self.primitive(part, wanted)?),
        }
        Ok(())
    }

    /// The type's own name, the first of the names from it up to System.Object.
    fn type_names(&mut self, element: &Element<'r>) -> Outcome<Option<String>> {
        let mut first: Option<String> = None;
        if !element.empty {
            while let Some(name) = self.child()? {
                let text = self.text(&name)?;
                first.get_or_insert_with(|| unescape(text).chars().take(MAX_TYPE_NAME).collect());
            }
        }
        if let (Some(id), Some(name)) = (element.id()?, &first) {
            self.types.insert(id, name.clone());
        }
        Ok(first)
    }

    fn properties_of(
        &mut self,
        element: &Element<'r>,
        wanted: Wanted,
        depth: usize,
        object: &mut Object,
    ) -> Outcome<()> {
        if element.empty {
            return Ok(());
        }
        while let Some(property) = self.child()? {
            let name = if wanted == Wanted::Nothing { None } else { property.property_name()? };
            let name = name.as_deref().unwrap_or_default();
            match wanted {
                Wanted::Target => match self.properties.key(name) {
                    Some(key) => {
                        let value = self.element(&property, Wanted::Value, depth + 1)?;
                        object.facts.add(key, value);
                    }
                    None => _ = self.element(&property, Wanted::Nothing, depth + 1)?,
                },
                // What shows itself by a text is that text, whatever properties it has.
                Wanted::Value if object.shown.is_none() => {
                    let value = self.element(&property, Wanted::Value, depth + 1)?;
                    object.members.push((name.to_owned(), value));
                }
                _ => _ = self.element(&property, Wanted::Nothing, depth + 1)?,
            }
        }
        Ok(())
    }

    fn elements_of(&mut self, element: &Element<'r>, wanted: Wanted, depth: usize, object: &mut Object) -> Outcome<()> {
        object.holds_others = true;
        let mut list = Vec::new();
        if !element.empty {
            while let Some(item) = self.child()? {
                let value = self.element(&item, wanted, depth + 1)?;
                if wanted == Wanted::Value {
                    list.push(value);
                }
            }
        }
        object.list = Some(list);
        Ok(())
    }

    /// A dictionary: its values may be targets, or lists of them.
    fn entries_of(&mut self, element: &Element<'r>, wanted: Wanted, depth: usize, object: &mut Object) -> Outcome<()> {
        object.holds_others = true;
        if element.empty {
            return Ok(());
        }
        while let Some(entry) = self.child()? {
            if entry.empty {
                continue;
            }
            while let Some(part) = self.child()? {
                let is_value = part.property_name()?.as_deref() == Some("Value");
                let wanted = if is_value && wanted == Wanted::Target { Wanted::Target } else { Wanted::Nothing };
                self.element(&part, wanted, depth + 1)?;
            }
        }
        Ok(())
    }

    /// The text of an element that has no children.
    fn text(&mut self, element: &Element<'r>) -> Outcome<Cow<'r, str>> {
        self.xml.config_mut().trim_text_start = false;
        let mut text = Cow::Borrowed("");
        if element.empty {
            return Ok(text);
        }
        loop {
            let piece = match self.event()? {
                Event::End(_) => return Ok(text),
                Event::Text(piece) => piece.xml10_content(),
                Event::CData(piece) => piece.xml10_content(),
                Event::GeneralRef(entity) => match entity.resolve_char_ref()? {
                    Some(c) => Cow::Owned(c.to_string()),
                    None => match &*entity.xml10_content() {
                        "lt" => Cow::Borrowed("<"),
                        "gt" => Cow::Borrowed(">"),
                        "amp" => Cow::Borrowed("&"),
                        "apos" => Cow::Borrowed("'"),
                        "quot" => Cow::Borrowed("\""),
                        other => return Err(format!("the entity &{other}; is not allowed in CLIXML").into()),
                    },
                },
                Event::Comment(_) | Event::PI(_) => continue,
                Event::Eof => return Err(CUT_OFF.into()),
                _ => return Err(format!("expected text in <{}>, found an element", element.name()).into()),
            };
            if text.is_empty() {
                text = piece;
            } else {
                text.to_mut().push_str(&piece);
            }
        }
    }

    /// Passes over an element and all that is in it.
    fn skip(&mut self, element: &Element<'r>) -> Outcome<()> {
        let mut open = usize::from(!element.empty);
        while open > 0 {
            match self.event()? {
                Event::Start(_) => open += 1,
                Event::End(_) => open -= 1,
                Event::Eof => return Err(CUT_OFF.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// The line that reading has come to. Counts on from where it last counted.
    fn line(&mut self) -> usize {
        let at = usize::try_from(self.xml.buffer_position()).unwrap_or(usize::MAX).min(self.text.len());
        let (counted_to, lines) = self.counted;
        let lines = lines + self.text.as_bytes()[counted_to..at].iter().filter(|byte| **byte == b'\n').count();
        self.counted = (at, lines);
        1 + lines
    }

    fn report(&mut self, code: Code, make: impl Fn() -> Problem) {
        let line = self.line();
        let source = self.source;
        self.sink.report(code, &mut || make().at_line(line).in_source(source));
    }
}

/// What a value takes up, in bytes and values.
fn weight(value: &Value) -> usize {
    match value {
        Value::Text(text) => 1 + text.len(),
        Value::List(items) => 1 + items.iter().map(weight).sum::<usize>(),
        _ => 1,
    }
}

fn number(text: &str) -> Value {
    text.parse().ok().filter(|number: &f64| number.is_finite()).map_or_else(|| Value::text(text), Value::Number)
}

/// Undoes PowerShell's own escapes: `_x000A_` is a line feed, `_x005F_` an underscore. What forms no character is left.
fn unescape(text: Cow<str>) -> String {
    if memchr::memchr(b'_', text.as_bytes()).is_none() {
        return text.into_owned();
    }
    let mut units = Vec::new();
    let mut result = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find("_x") {
        let (before, escape) = rest.split_at(at);
        let code = escape.get(2..6).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(code) = code.filter(|_| escape.as_bytes().get(6) == Some(&b'_')) else {
            flush(&mut units, &mut result);
            result.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
            continue;
        };
        if !before.is_empty() {
            flush(&mut units, &mut result);
            result.push_str(before);
        }
        units.extend(u16::from_str_radix(code, 16));
        rest = &escape[7..];
    }
    flush(&mut units, &mut result);
    result.push_str(rest);
    result
}

fn flush(units: &mut Vec<u16>, result: &mut String) {
    result.extend(char::decode_utf16(units.drain(..)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes() {
        let cases = [
            (r#"N="Name" RefId="1""#, "N", Some("Name")),
            (r#" N="Name" RefId="1""#, "RefId", Some("1")),
            (r#"Obj N='a "b"' RefId='2'"#, "N", Some("a \"b\"")),
            (r#"N = "x" RefId	= "3" "#, "RefId", Some("3")),
            (r#"XN="x" N="y""#, "N", Some("y")),
            (r#"A="N=1" N="y""#, "N", Some("y")),
            (r#"N="""#, "N", Some("")),
            (r#"N="open"#, "N", None),
            (r#"N=x"#, "N", None),
            ("N", "N", None),
            ("", "N", None),
        ];
        for (element, name, expected) in cases {
            assert_eq!(attribute_in(element, name), expected, "{element}");
        }
    }
}
