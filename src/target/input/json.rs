//! Reads what `ConvertTo-Json` of either PowerShell writes, and the targets of a request to the C ABI: an object, a list
//! of objects, or Windows PowerShell's `{"value":[…],"Count":n}` round a list.
//!
//! One pass: members that nobody asks about are passed over without being kept.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::face::face;
use super::super::{Facts, Properties, Target, Value};
use super::{Sink, unknown_object};
use crate::problem::{Code, Problem, pointer};

/// Lists of objects may nest this deep.
const MAX_LIST_DEPTH: usize = 4;
/// A property's value may nest this deep; what lies below has no text form that a control could read.
const MAX_VALUE_DEPTH: usize = 6;
/// The member that names an object's type.
const TYPE_NAME: &str = "PSTypeName";

/// Reads every target of a JSON text. `path` is where the text stands in its document.
pub fn read(source: Option<&str>, path: &str, text: &str, properties: &Properties, sink: &mut dyn Sink) {
    let mut reader = Reader { source, properties, sink };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let place = Place::Root(path);
    let item = Item { reader: &mut reader, place: &place, depth: 0 };
    if let Err(error) = item.deserialize(&mut deserializer).and_then(|()| deserializer.end()) {
        let hint = if error.is_eof() { "; the file was cut off: export the objects again" } else { "" };
        reader.report(Code::UnreadableInput, || {
            let problem = Problem::new(Code::UnreadableInput, format!("not valid JSON: {error}{hint}"));
            // Lines are those of a file; in a request the place is the pointer.
            if source.is_some() { problem.at_line(error.line()) } else { problem.at_path(path) }
        });
    }
}

struct Reader<'r> {
    source: Option<&'r str>,
    properties: &'r Properties,
    sink: &'r mut dyn Sink,
}

impl Reader<'_> {
    fn report(&mut self, code: Code, make: impl Fn() -> Problem) {
        let source = self.source;
        self.sink.report(code, &mut || match source {
            Some(source) => make().in_source(source),
            None => make(),
        });
    }
}

/// Where an item stands. Written out only where it has to be told.
enum Place<'a> {
    Root(&'a str),
    Element(&'a Place<'a>, usize),
    Value(&'a Place<'a>),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Place::Root(path) => (*path).to_owned(),
            Place::Element(list, index) => pointer(&list.pointer(), index),
            Place::Value(object) => pointer(&object.pointer(), "value"),
        }
    }
}

/// An object, or a list of them.
struct Item<'a, 'r> {
    reader: &'a mut Reader<'r>,
    place: &'a Place<'a>,
    depth: usize,
}

impl Item<'_, '_> {
    fn refuse(self, found: &str) {
        let place = self.place;
        self.reader.report(Code::UnknownObject, || {
            Problem::new(Code::UnknownObject, format!("expected an object, found {found}")).at_path(place.pointer())
        });
    }
}

impl<'de> DeserializeSeed<'de> for Item<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object or a list of objects")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.refuse("null");
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.refuse(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.refuse("a number");
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.refuse("a number");
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.refuse("a number");
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.refuse("a string");
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if self.depth >= MAX_LIST_DEPTH {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            self.refuse("lists nested too deep");
            return Ok(());
        }
        for index in 0_usize.. {
            let place = Place::Element(self.place, index);
            let item = Item { reader: &mut *self.reader, place: &place, depth: self.depth + 1 };
            if items.next_element_seed(item)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut facts = Facts::default();
        let mut type_name = None;
        let mut wraps_a_list = false;
        while let Some(key) = members.next_key_seed(KeySeed { properties: self.reader.properties })? {
            match key {
                Key::Property(key) => facts.add(key, members.next_value_seed(ValueSeed { depth: 0 })?),
                Key::TypeName => {
                    type_name = members.next_value_seed(ValueSeed { depth: 0 })?.as_text().map(str::to_owned);
                }
                Key::List => {
                    let place = Place::Value(self.place);
                    let list = WrappedList(Item { reader: &mut *self.reader, place: &place, depth: self.depth });
                    wraps_a_list |= members.next_value_seed(list)?;
                }
                Key::Other => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        match Target::recognise(facts, type_name.as_deref()) {
            Some(target) => self.reader.sink.accept(target),
            None if wraps_a_list => {}
            None => {
                let place = self.place;
                self.reader
                    .report(Code::UnknownObject, || unknown_object(type_name.as_deref()).at_path(place.pointer()));
            }
        }
        Ok(())
    }
}

/// The list in `{"value":[…],"Count":n}`; answers whether it was one.
struct WrappedList<'a, 'r>(Item<'a, 'r>);

impl<'de> DeserializeSeed<'de> for WrappedList<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for WrappedList<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<bool, A::Error> {
        self.0.visit_seq(items).map(|()| true)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }
}

/// What a member's name says is to be done with its value.
enum Key {
    Property(Arc<str>),
    TypeName,
    List,
    Other,
}

struct KeySeed<'r> {
    properties: &'r Properties,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Key, E> {
        Ok(match self.properties.key(name) {
            _ if name.eq_ignore_ascii_case(TYPE_NAME) => Key::TypeName,
            _ if name == "value" => Key::List,
            Some(key) => Key::Property(key),
            None => Key::Other,
        })
    }
}

/// The value of a property, its nested objects turned into the texts that they stand for.
struct ValueSeed {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Number(value as f64), Value::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        if self.depth >= MAX_VALUE_DEPTH {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Opaque);
        }
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(ValueSeed { depth: self.depth + 1 })? {
            list.push(item);
        }
        Ok(Value::List(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        if self.depth >= MAX_VALUE_DEPTH {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Opaque);
        }
        let mut list = Vec::new();
        while let Some(name) = members.next_key::<Cow<str>>()? {
            list.push((name.into_owned(), members.next_value_seed(ValueSeed { depth: self.depth + 1 })?));
        }
        Ok(face(list))
    }
}
