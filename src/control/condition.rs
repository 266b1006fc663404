//! The language of `when` and `require`: what a condition is, and how it is read from a control file.
//! What it yields for a target is `evaluate::condition`'s business.

use serde::Serialize;

use super::document::{Node, Refusal};
use super::reader::{Members, expected, text};
use crate::problem::pointer;
use crate::target::{Quantity, Value, is_never_read};

/// A question that a target answers with true, false or unknown.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    AllOf(Vec<Condition>),
    AnyOf(Vec<Condition>),
    Not(Box<Condition>),
    /// `if` true asks `then`, `if` false asks `else`.
    If {
        condition: Box<Condition>,
        then: Box<Condition>,
        otherwise: Box<Condition>,
    },
    /// One property, one operator.
    Leaf(Leaf),
}

/// One property, one operator. Inside `any` and `all` there is no field: the element itself is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// The property as the control file spells it.
    pub field: String,
    /// The same in lower case, by which targets are asked.
    pub key: String,
    pub test: Test,
    /// The operand as it was written, for evidence.
    pub expected: serde_json::Value,
}

/// An operator and its operand.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    Exists(bool),
    Equals(Operand),
    NotEquals(Operand),
    In(Vec<Operand>),
    NotIn(Vec<Operand>),
    Like(Pattern),
    NotLike(Pattern),
    Contains(Operand),
    Compare(Comparison, Quantity),
    Count(Comparison, u64),
    Any(Box<Condition>),
    All(Box<Condition>),
}

/// A value in a control file that a property is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Operand {
    pub value: Value,
    /// What it counts for where it is a number, a size or a time span.
    pub quantity: Option<Quantity>,
}

/// Which orders satisfy a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Comparison {
    Equals,
    NotEquals,
    Greater,
    GreaterOrEquals,
    Less,
    LessOrEquals,
}

impl Comparison {
    /// Whether an order satisfies the comparison.
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Comparison::Equals => order.is_eq(),
            Comparison::NotEquals => order.is_ne(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEquals => order.is_ge(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEquals => order.is_le(),
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "equals" => Comparison::Equals,
            "notEquals" => Comparison::NotEquals,
            "greater" => Comparison::Greater,
            "greaterOrEquals" => Comparison::GreaterOrEquals,
            "less" => Comparison::Less,
            "lessOrEquals" => Comparison::LessOrEquals,
            _ => return None,
        })
    }
}

/// A wildcard pattern: `*` is any run of characters, `?` any one, all else is itself; case does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<char>);

impl Pattern {
    /// Takes the pattern as it is written.
    pub fn new(pattern: &str) -> Self {
        Pattern(Self::lowered(pattern))
    }

    /// Whether the whole text fits. Takes time in proportion to pattern × text at the most.
    pub fn matches(&self, text: &str) -> bool {
        self.fits(&Self::lowered(text))
    }

    /// A text as [`fits`](Self::fits) takes it, for those that are held against many patterns.
    pub fn lowered(text: &str) -> Vec<char> {
        text.chars().flat_map(char::to_lowercase).collect()
    }

    /// As [`matches`](Self::matches), of a text that was [`lowered`](Self::lowered).
    pub fn fits(&self, text: &[char]) -> bool {
        let (mut at, mut pattern_at) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.0.get(pattern_at) {
                Some('*') => {
                    star = Some((pattern_at, at));
                    pattern_at += 1;
                }
                Some(c) if *c == '?' || *c == text[at] => {
                    at += 1;
                    pattern_at += 1;
                }
                _ => match &mut star {
                    // The last star takes one character more.
                    Some((star_at, taken_to)) => {
                        *taken_to += 1;
                        at = *taken_to;
                        pattern_at = *star_at + 1;
                    }
                    None => return false,
                },
            }
        }
        self.0[pattern_at..].iter().all(|c| *c == '*')
    }
}

/// The operators, as a refused one is answered.
const OPERATORS: &str = "exists, equals, notEquals, in, notIn, like, notLike, contains, greater, greaterOrEquals, less, \
                         lessOrEquals, count, any or all";

/// Where a condition stands: on a target's properties, or on one element of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Target,
    Element,
}

/// Reads a condition on a target.
pub fn read(node: &Node, path: &str) -> Result<Condition, Refusal> {
    read_in(Scope::Target, node, path)
}

fn read_in(scope: Scope, node: &Node, path: &str) -> Result<Condition, Refusal> {
    let mut members = Members::of(node, path)?;
    if let Some((at, node)) = members.take("allOf") {
        let parts = read_list(scope, node, &at)?;
        return members.end("a condition with \"allOf\" has no other member").map(|()| Condition::AllOf(parts));
    }
    if let Some((at, node)) = members.take("anyOf") {
        let parts = read_list(scope, node, &at)?;
        return members.end("a condition with \"anyOf\" has no other member").map(|()| Condition::AnyOf(parts));
    }
    if let Some((at, node)) = members.take("not") {
        let part = read_in(scope, node, &at)?;
        return members.end("a condition with \"not\" has no other member").map(|()| Condition::Not(Box::new(part)));
    }
    if let Some((at, node)) = members.take("if") {
        let condition = Box::new(read_in(scope, node, &at)?);
        let mut branch = |name: &str| {
            let (at, node) = members.required(name)?;
            read_in(scope, node, &at).map(Box::new)
        };
        let (then, otherwise) = (branch("then")?, branch("else")?);
        let end = members.end("a condition with \"if\" has \"then\" and \"else\" and no other member");
        return end.map(|()| Condition::If { condition, then, otherwise });
    }
    let field = match scope {
        Scope::Target => {
            let Some((at, node)) = members.take("field") else {
                let found = members.first_key().map_or("nothing".to_owned(), |key| format!("\"{key}\""));
                let message = format!("expected \"field\" with an operator, or allOf, anyOf, not or if; found {found}");
                return Err(Refusal::at(path, message));
            };
            property(node, &at)?.to_owned()
        }
        Scope::Element => String::new(),
    };
    let Some((operator, operand)) = members.take_any() else {
        return Err(Refusal::at(path, format!("expected one operator: {OPERATORS}")));
    };
    let test = read_test(scope, operator, operand, &pointer(path, operator))?;
    members.end("a condition has one operator; join several with \"allOf\"")?;
    Ok(Condition::Leaf(Leaf { key: field.to_ascii_lowercase(), field, test, expected: operand.into() }))
}

/// Reads a property's name.
pub(super) fn property<'a>(node: &'a Node, path: &str) -> Result<&'a str, Refusal> {
    let name = text(node, path)?;
    let plain =
        name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !plain || name.len() > 64 {
        return Err(Refusal::at(path, "expected a property's name: a letter, then letters and digits, at most 64"));
    }
    if is_never_read(name) {
        return Err(Refusal::at(path, format!("{name} is never read")));
    }
    Ok(name)
}

fn read_list(scope: Scope, node: &Node, path: &str) -> Result<Vec<Condition>, Refusal> {
    match node {
        Node::List(items) if !items.is_empty() => {
            items.iter().enumerate().map(|(index, item)| read_in(scope, item, &pointer(path, index))).collect()
        }
        other => Err(expected("a list of at least one condition", other, path)),
    }
}

fn read_test(scope: Scope, operator: &str, node: &Node, path: &str) -> Result<Test, Refusal> {
    let test = match operator {
        "exists" => match node {
            Node::Bool(wanted) => Test::Exists(*wanted),
            other => return Err(expected("true or false", other, path)),
        },
        "equals" => Test::Equals(operand(node, path)?),
        "notEquals" => Test::NotEquals(operand(node, path)?),
        "in" => Test::In(operands(node, path)?),
        "notIn" => Test::NotIn(operands(node, path)?),
        "like" => Test::Like(Pattern::new(text(node, path)?)),
        "notLike" => Test::NotLike(Pattern::new(text(node, path)?)),
        "contains" => Test::Contains(operand(node, path)?),
        "count" => read_count(node, path)?,
        "any" | "all" if scope == Scope::Element => {
            let message = format!("\"{operator}\" cannot stand inside \"any\" or \"all\": the elements are no lists");
            return Err(Refusal::at(path, message));
        }
        "any" => Test::Any(Box::new(read_in(Scope::Element, node, path)?)),
        "all" => Test::All(Box::new(read_in(Scope::Element, node, path)?)),
        _ => match Comparison::named(operator) {
            Some(comparison) => Test::Compare(comparison, quantity(node, path)?),
            None => return Err(Refusal::at(path, format!("unknown operator \"{operator}\"; expected {OPERATORS}"))),
        },
    };
    Ok(test)
}

/// `"count": 2`, or `"count": { "greater": 0 }`.
fn read_count(node: &Node, path: &str) -> Result<Test, Refusal> {
    let number = |node: &Node, path: &str| match node {
        Node::Integer(number) if *number >= 0 => Ok(number.unsigned_abs()),
        other => Err(expected("a whole number of 0 or more", other, path)),
    };
    if !matches!(node, Node::Object(_)) {
        return number(node, path).map(|count| Test::Count(Comparison::Equals, count));
    }
    let mut members = Members::of(node, path)?;
    let named = members.take_any().and_then(|(name, node)| Some((Comparison::named(name)?, name, node)));
    let Some((comparison, name, node)) = named else {
        let message = "expected a number, or one of equals, notEquals, greater, greaterOrEquals, less or lessOrEquals";
        return Err(Refusal::at(path, message));
    };
    let count = number(node, &pointer(path, name))?;
    members.end("\"count\" has one comparison")?;
    Ok(Test::Count(comparison, count))
}

fn operand(node: &Node, path: &str) -> Result<Operand, Refusal> {
    let value = match node {
        Node::Bool(value) => Value::Bool(*value),
        Node::Integer(value) => Value::Integer(*value),
        Node::Number(value) => Value::Number(*value),
        Node::Text(value) => Value::text(value.as_str()),
        Node::Null => return Err(Refusal::at(path, "null is never equal to anything; ask with \"exists\"")),
        other => return Err(expected("true, false, a number or a string", other, path)),
    };
    Ok(Operand { quantity: Quantity::of(&value), value })
}

fn operands(node: &Node, path: &str) -> Result<Vec<Operand>, Refusal> {
    match node {
        Node::List(items) if !items.is_empty() => {
            items.iter().enumerate().map(|(index, item)| operand(item, &pointer(path, index))).collect()
        }
        other => Err(expected("a list of at least one value", other, path)),
    }
}

fn quantity(node: &Node, path: &str) -> Result<Quantity, Refusal> {
    let wanted = "a number, a size (\"35 MB\", \"Unlimited\") or a time span (\"00:10:00\")";
    match node {
        Node::Integer(_) | Node::Number(_) | Node::Text(_) => {
            operand(node, path)?.quantity.ok_or_else(|| expected(wanted, node, path))
        }
        other => Err(expected(wanted, other, path)),
    }
}

impl Condition {
    /// Calls `visit` with every property that the condition reads.
    pub fn visit_fields<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        match self {
            Condition::AllOf(parts) | Condition::AnyOf(parts) => parts.iter().for_each(|part| part.visit_fields(visit)),
            Condition::Not(part) => part.visit_fields(visit),
            Condition::If { condition, then, otherwise } => {
                [condition, then, otherwise].into_iter().for_each(|part| part.visit_fields(visit));
            }
            Condition::Leaf(leaf) => visit(&leaf.field),
        }
    }
}

impl Test {
    /// The operator as control files spell it.
    pub fn operator(&self) -> &'static str {
        match self {
            Test::Exists(_) => "exists",
            Test::Equals(_) => "equals",
            Test::NotEquals(_) => "notEquals",
            Test::In(_) => "in",
            Test::NotIn(_) => "notIn",
            Test::Like(_) => "like",
            Test::NotLike(_) => "notLike",
            Test::Contains(_) => "contains",
            Test::Compare(Comparison::Greater, _) => "greater",
            Test::Compare(Comparison::GreaterOrEquals, _) => "greaterOrEquals",
            Test::Compare(Comparison::Less, _) => "less",
            Test::Compare(_, _) => "lessOrEquals",
            Test::Count(_, _) => "count",
            Test::Any(_) => "any",
            Test::All(_) => "all",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests_support {
    /// Reads a condition that a test is sure of.
    pub(crate) fn parse(json: &str) -> super::Condition {
        let (node, _) = super::super::document::read(json.as_bytes()).expect("JSON");
        super::read(&node, "").unwrap_or_else(|refusal| panic!("{json}: {refusal:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> Refusal {
        let (node, _) = super::super::document::read(json.as_bytes()).expect("JSON");
        read(&node, "").expect_err(json)
    }

    #[test]
    fn refuses_what_is_no_condition() {
        let cases = [
            (r#"[]"#, "", "an object"),
            (r#"{}"#, "", "expected \"field\""),
            (r#"{"equals":1}"#, "", "found \"equals\""),
            (r#"{"field":"A"}"#, "", "expected one operator"),
            (r#"{"field":"A","equals":1,"in":[1]}"#, "/in", "one operator"),
            (r#"{"field":"A","is":1}"#, "/is", "unknown operator \"is\""),
            (r#"{"field":"A","Equals":1}"#, "/Equals", "unknown operator"),
            (r#"{"field":7,"equals":1}"#, "/field", "a string"),
            (r#"{"field":"A B","equals":1}"#, "/field", "property's name"),
            (r#"{"field":"authenticationcredential","exists":true}"#, "/field", "never read"),
            (r#"{"field":"A","equals":null}"#, "/equals", "exists"),
            (r#"{"field":"A","equals":[1]}"#, "/equals", "a list"),
            (r#"{"field":"A","exists":"yes"}"#, "/exists", "true or false"),
            (r#"{"field":"A","in":[]}"#, "/in", "at least one"),
            (r#"{"field":"A","in":[1,{}]}"#, "/in/1", "an object"),
            (r#"{"field":"A","like":1}"#, "/like", "a string"),
            (r#"{"field":"A","greater":"big"}"#, "/greater", "a size"),
            (r#"{"field":"A","greater":true}"#, "/greater", "a number"),
            (r#"{"field":"A","count":-1}"#, "/count", "0 or more"),
            (r#"{"field":"A","count":{"about":1}}"#, "/count", "greaterOrEquals"),
            (r#"{"field":"A","count":{"greater":1,"less":3}}"#, "/count/less", "one comparison"),
            (r#"{"field":"A","any":{"field":"B","equals":1}}"#, "/any/field", "unknown operator \"field\""),
            (r#"{"field":"A","any":{"all":{"equals":1}}}"#, "/any/all", "inside"),
            (r#"{"allOf":[]}"#, "/allOf", "at least one"),
            (r#"{"allOf":[{"field":"A","equals":1}],"anyOf":[]}"#, "/anyOf", "no other member"),
            (r#"{"anyOf":[{"not":{"not":{"field":"A"}}}]}"#, "/anyOf/0/not/not", "operator"),
            (r#"{"if":{"field":"A","exists":true},"then":{"field":"A","equals":1}}"#, "", "\"else\""),
        ];
        for (json, path, part) in cases {
            let refusal = refusal(json);
            assert_eq!(refusal.path, path, "{json}: {}", refusal.message);
            assert!(refusal.message.contains(part), "{json}: {}", refusal.message);
        }
    }

    #[test]
    fn patterns() {
        let cases = [
            ("*", "", true),
            ("EdgeSync - *", "edgesync - x", true),
            ("EdgeSync - *", "EdgeSync", false),
            ("a?c", "ABC", true),
            ("a?c", "ac", false),
            ("*.contoso.com", "mail.contoso.com", true),
            ("*a*b", "xaxxb", true),
            ("*a*b", "xaxxbc", false),
            ("[192.0.2.10]", "[192.0.2.10]", true),
            ("*Ä*", "straße ä", true),
            ("", "x", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} ~ {text}");
        }
    }
}
