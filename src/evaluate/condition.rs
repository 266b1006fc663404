//! What a condition yields for a target, and which of its leaves decided that. Pure: no clock, no file, no network.

use super::truth::Truth;
use crate::control::condition::{Condition, Leaf, Operand, Test};
use crate::target::{Facts, Quantity, Value, same_text, truth_of};

/// One leaf that decided a verdict. `negated`: it stood under a `not`, and `truth` is that of its opposite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decider<'a> {
    pub leaf: &'a Leaf,
    pub actual: Option<&'a Value>,
    pub negated: bool,
    pub truth: Truth,
}

/// Evaluates a condition on a target. The leaves that decided are appended to `deciders`.
pub fn evaluate<'a>(condition: &'a Condition, facts: &'a Facts, deciders: &mut Vec<Decider<'a>>) -> Truth {
    Evaluation { facts, deciders }.of(condition, false)
}

struct Evaluation<'a, 'e> {
    facts: &'a Facts,
    deciders: &'e mut Vec<Decider<'a>>,
}

impl<'a> Evaluation<'a, '_> {
    /// The truth of a condition, or of its opposite.
    fn of(&mut self, condition: &'a Condition, negated: bool) -> Truth {
        match condition {
            // De Morgan: the opposite of "all of" is "any of the opposites".
            Condition::AllOf(parts) if negated => self.join(parts, true, Truth::False, Truth::or),
            Condition::AllOf(parts) => self.join(parts, false, Truth::True, Truth::and),
            Condition::AnyOf(parts) if negated => self.join(parts, true, Truth::True, Truth::and),
            Condition::AnyOf(parts) => self.join(parts, false, Truth::False, Truth::or),
            Condition::Not(part) => self.of(part, !negated),
            Condition::If { condition, then, otherwise } => self.branch(condition, then, otherwise, negated),
            Condition::Leaf(leaf) => {
                let actual = self.facts.get(&leaf.key);
                let truth = leaf_truth(&leaf.test, actual);
                let truth = if negated { !truth } else { truth };
                self.deciders.push(Decider { leaf, actual, negated, truth });
                truth
            }
        }
    }

    /// Joins the truths of the parts, and keeps the deciders of those parts alone that are as the whole is.
    fn join(
        &mut self,
        parts: &'a [Condition],
        negated: bool,
        start: Truth,
        combine: fn(Truth, Truth) -> Truth,
    ) -> Truth {
        let first = self.deciders.len();
        let mut whole = start;
        for part in parts {
            let mark = self.deciders.len();
            let truth = self.of(part, negated);
            let combined = combine(whole, truth);
            if combined != whole {
                self.deciders.drain(first..mark);
                whole = combined;
            } else if truth != whole {
                self.deciders.truncate(mark);
            }
        }
        whole
    }

    fn branch(
        &mut self,
        condition: &'a Condition,
        then: &'a Condition,
        otherwise: &'a Condition,
        negated: bool,
    ) -> Truth {
        let mark = self.deciders.len();
        match self.of(condition, false) {
            Truth::True => {
                self.deciders.truncate(mark);
                self.of(then, negated)
            }
            Truth::False => {
                self.deciders.truncate(mark);
                self.of(otherwise, negated)
            }
            Truth::Unknown => {
                let asked = self.deciders.len();
                let (then, otherwise) = (self.of(then, negated), self.of(otherwise, negated));
                if then == otherwise {
                    self.deciders.drain(mark..asked);
                    then
                } else {
                    // It turns on the question, and that is what could not be told.
                    self.deciders.truncate(asked);
                    Truth::Unknown
                }
            }
        }
    }
}

/// The truth of one operator on one value. What is missing or null is Unknown to every operator but `exists`.
fn leaf_truth(test: &Test, actual: Option<&Value>) -> Truth {
    let known = actual.filter(|value| !matches!(value, Value::Null));
    if let Test::Exists(wanted) = test {
        return Truth::from(known.is_some() == *wanted);
    }
    let Some(value) = known else { return Truth::Unknown };
    match test {
        Test::Exists(_) => Truth::Unknown,
        Test::Equals(operand) => equals(operand, value),
        Test::NotEquals(operand) => !equals(operand, value),
        Test::In(operands) => is_in(operands, value),
        Test::NotIn(operands) => !is_in(operands, value),
        Test::Like(pattern) => Truth::from(shown(value).map(|text| pattern.matches(&text))),
        Test::NotLike(pattern) => !Truth::from(shown(value).map(|text| pattern.matches(&text))),
        Test::Contains(operand) => contains(operand, value),
        Test::Compare(comparison, expected) => {
            let order = Quantity::of(value).and_then(|actual| actual.compare(*expected));
            Truth::from(order.map(|order| comparison.holds(order)))
        }
        Test::Count(comparison, expected) => {
            let count = value.elements().map(|elements| elements.len() as u64);
            Truth::from(count.map(|count| comparison.holds(count.cmp(expected))))
        }
        Test::Any(condition) => each(value, Truth::False, |truth, element| truth.or(element_truth(condition, element))),
        Test::All(condition) => each(value, Truth::True, |truth, element| truth.and(element_truth(condition, element))),
    }
}

/// The truth of a condition on one element of a list.
fn element_truth(condition: &Condition, element: &Value) -> Truth {
    match condition {
        Condition::AllOf(parts) => {
            parts.iter().fold(Truth::True, |truth, part| truth.and(element_truth(part, element)))
        }
        Condition::AnyOf(parts) => {
            parts.iter().fold(Truth::False, |truth, part| truth.or(element_truth(part, element)))
        }
        Condition::Not(part) => !element_truth(part, element),
        Condition::If { condition, then, otherwise } => match element_truth(condition, element) {
            Truth::True => element_truth(then, element),
            Truth::False => element_truth(otherwise, element),
            Truth::Unknown => {
                let (then, otherwise) = (element_truth(then, element), element_truth(otherwise, element));
                if then == otherwise { then } else { Truth::Unknown }
            }
        },
        Condition::Leaf(leaf) => leaf_truth(&leaf.test, Some(element)),
    }
}

fn each(value: &Value, start: Truth, join: impl Fn(Truth, &Value) -> Truth) -> Truth {
    value.elements().map_or(Truth::Unknown, |elements| elements.iter().fold(start, join))
}

fn is_in(operands: &[Operand], value: &Value) -> Truth {
    operands.iter().fold(Truth::False, |truth, operand| truth.or(equals(operand, value)))
}

/// Whether a value is the operand. Values that cannot be compared are not unequal: it cannot be told.
fn equals(operand: &Operand, value: &Value) -> Truth {
    let told = match (&operand.value, value) {
        (_, Value::List(_) | Value::Opaque | Value::Null) => None,
        (Value::Bool(expected), Value::Bool(actual)) => Some(expected == actual),
        (Value::Bool(expected), Value::Text(actual)) => truth_of(actual).map(|actual| actual == *expected),
        (Value::Text(expected), Value::Bool(actual)) => truth_of(expected).map(|expected| expected == *actual),
        (Value::Text(expected), Value::Text(actual)) => {
            Some(same_quantity(operand, value).unwrap_or_else(|| same_text(expected, actual)))
        }
        _ => same_quantity(operand, value),
    };
    Truth::from(told)
}

fn same_quantity(operand: &Operand, value: &Value) -> Option<bool> {
    Some(Quantity::of(value)?.compare(operand.quantity?)?.is_eq())
}

/// A list contains an element; a text contains a text.
fn contains(operand: &Operand, value: &Value) -> Truth {
    match (value, &operand.value) {
        (Value::List(elements), _) => {
            elements.iter().fold(Truth::False, |truth, element| truth.or(equals(operand, element)))
        }
        (Value::Text(text), Value::Text(part)) => Truth::from(text.to_lowercase().contains(&part.to_lowercase())),
        _ => Truth::Unknown,
    }
}

/// The text that a wildcard pattern is held against.
fn shown(value: &Value) -> Option<std::borrow::Cow<'_, str>> {
    match value {
        Value::Text(text) => Some((**text).into()),
        Value::Bool(_) | Value::Integer(_) | Value::Number(_) => Some(value.to_string().into()),
        Value::Null | Value::List(_) | Value::Opaque => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::condition;
    use proptest::prelude::*;

    fn condition(json: &str) -> Condition {
        condition::tests_support::parse(json)
    }

    fn facts() -> Facts {
        let mut facts = Facts::default();
        let list = |items: &[&str]| Value::List(items.iter().map(|item| Value::text(*item)).collect());
        facts.set("yes", Value::Bool(true));
        facts.set("no", Value::Bool(false));
        facts.set("yestext", Value::text("True"));
        facts.set("nothing", Value::Null);
        facts.set("port", Value::Integer(25));
        facts.set("name", Value::text("Internet"));
        facts.set("size", Value::text("35 MB (36,700,160 bytes)"));
        facts.set("unlimited", Value::text("Unlimited"));
        facts.set("span", Value::text("00:10:00"));
        facts.set("list", list(&["Internet", "Partner"]));
        facts.set("empty", list(&[]));
        facts.set("lone", Value::text("Internet"));
        facts.set("holed", Value::List(Box::new([Value::Null, Value::text("a")])));
        facts.set("object", Value::Opaque);
        facts
    }

    #[test]
    fn operators_by_the_table() {
        use Truth::{False, True, Unknown};
        let cases = [
            (r#"{"field":"yes","exists":true}"#, True),
            (r#"{"field":"nothing","exists":true}"#, False),
            (r#"{"field":"absent","exists":true}"#, False),
            (r#"{"field":"absent","exists":false}"#, True),
            (r#"{"field":"object","exists":true}"#, True),
            (r#"{"field":"YES","equals":true}"#, True),
            (r#"{"field":"no","equals":true}"#, False),
            (r#"{"field":"yesText","equals":true}"#, True),
            (r#"{"field":"name","equals":true}"#, Unknown),
            (r#"{"field":"nothing","equals":false}"#, Unknown),
            (r#"{"field":"absent","equals":false}"#, Unknown),
            (r#"{"field":"absent","notEquals":true}"#, Unknown),
            (r#"{"field":"object","notEquals":true}"#, Unknown),
            (r#"{"field":"list","equals":"Internet"}"#, Unknown),
            (r#"{"field":"name","equals":"INTERNET"}"#, True),
            (r#"{"field":"name","notEquals":"Partner"}"#, True),
            (r#"{"field":"port","equals":25}"#, True),
            (r#"{"field":"port","equals":"25"}"#, True),
            (r#"{"field":"port","equals":"DomainValidation"}"#, Unknown),
            (r#"{"field":"port","equals":26.5}"#, False),
            (r#"{"field":"size","equals":"35 MB"}"#, True),
            (r#"{"field":"size","equals":36700160}"#, True),
            (r#"{"field":"name","in":["a","internet"]}"#, True),
            (r#"{"field":"name","in":["a","b"]}"#, False),
            (r#"{"field":"absent","in":["a"]}"#, Unknown),
            (r#"{"field":"absent","notIn":["a"]}"#, Unknown),
            (r#"{"field":"name","notIn":["a"]}"#, True),
            (r#"{"field":"name","like":"inter*"}"#, True),
            (r#"{"field":"name","notLike":"inter*"}"#, False),
            (r#"{"field":"absent","like":"*"}"#, Unknown),
            (r#"{"field":"absent","notLike":"*"}"#, Unknown),
            (r#"{"field":"list","like":"*"}"#, Unknown),
            (r#"{"field":"port","like":"2?"}"#, True),
            (r#"{"field":"name","contains":"TERN"}"#, True),
            (r#"{"field":"list","contains":"partner"}"#, True),
            (r#"{"field":"list","contains":"part"}"#, False),
            (r#"{"field":"holed","contains":"b"}"#, Unknown),
            (r#"{"field":"holed","contains":"a"}"#, True),
            (r#"{"field":"port","greater":24}"#, True),
            (r#"{"field":"port","greaterOrEquals":25}"#, True),
            (r#"{"field":"port","less":25}"#, False),
            (r#"{"field":"port","lessOrEquals":25}"#, True),
            (r#"{"field":"size","less":"36 MB"}"#, True),
            (r#"{"field":"unlimited","greater":"1 TB"}"#, True),
            (r#"{"field":"size","lessOrEquals":"Unlimited"}"#, True),
            (r#"{"field":"span","greater":"00:09:59"}"#, True),
            (r#"{"field":"span","greater":5}"#, Unknown),
            (r#"{"field":"name","greater":5}"#, Unknown),
            (r#"{"field":"absent","greater":5}"#, Unknown),
            (r#"{"field":"list","count":2}"#, True),
            (r#"{"field":"empty","count":0}"#, True),
            (r#"{"field":"lone","count":1}"#, True),
            (r#"{"field":"list","count":{"greater":2}}"#, False),
            (r#"{"field":"nothing","count":0}"#, Unknown),
            (r#"{"field":"object","count":1}"#, Unknown),
            (r#"{"field":"list","any":{"equals":"partner"}}"#, True),
            (r#"{"field":"lone","any":{"in":["Internet","Partner"]}}"#, True),
            (r#"{"field":"empty","any":{"exists":true}}"#, False),
            (r#"{"field":"empty","all":{"equals":"x"}}"#, True),
            (r#"{"field":"list","all":{"like":"*n*"}}"#, True),
            (r#"{"field":"list","all":{"not":{"like":"I*"}}}"#, False),
            (r#"{"field":"holed","any":{"equals":"b"}}"#, Unknown),
            (r#"{"field":"holed","all":{"equals":"b"}}"#, False),
            (r#"{"field":"absent","all":{"equals":"b"}}"#, Unknown),
            (r#"{"not":{"field":"absent","equals":1}}"#, Unknown),
            (r#"{"allOf":[{"field":"absent","equals":1},{"field":"no","equals":true}]}"#, False),
            (r#"{"anyOf":[{"field":"absent","equals":1},{"field":"yes","equals":true}]}"#, True),
            (
                r#"{"if":{"field":"yes","equals":true},"then":{"field":"port","equals":25},"else":{"field":"port","equals":1}}"#,
                True,
            ),
            (
                r#"{"if":{"field":"no","equals":true},"then":{"field":"port","equals":25},"else":{"field":"port","equals":1}}"#,
                False,
            ),
            (
                r#"{"if":{"field":"absent","equals":1},"then":{"field":"port","equals":25},"else":{"field":"port","equals":1}}"#,
                Unknown,
            ),
            (
                r#"{"if":{"field":"absent","equals":1},"then":{"field":"port","equals":25},"else":{"field":"yes","equals":true}}"#,
                True,
            ),
        ];
        let facts = facts();
        for (json, expected) in cases {
            let condition = condition(json);
            assert_eq!(evaluate(&condition, &facts, &mut Vec::new()), expected, "{json}");
        }
    }

    #[test]
    fn the_leaves_that_decided_are_the_evidence() {
        let cases: [(&str, &[&str]); 7] = [
            (
                r#"{"allOf":[{"field":"yes","equals":true},{"field":"no","equals":true},{"field":"absent","equals":1}]}"#,
                &["no"],
            ),
            (r#"{"allOf":[{"field":"yes","equals":true},{"field":"port","equals":25}]}"#, &["yes", "port"]),
            (
                r#"{"allOf":[{"field":"yes","equals":true},{"field":"absent","equals":1},{"field":"port","equals":25}]}"#,
                &["absent"],
            ),
            (
                r#"{"anyOf":[{"field":"no","equals":true},{"field":"port","equals":25},{"field":"absent","equals":1}]}"#,
                &["port"],
            ),
            (r#"{"not":{"allOf":[{"field":"yes","equals":true},{"field":"no","equals":true}]}}"#, &["no"]),
            (
                r#"{"anyOf":[{"field":"no","equals":true},{"allOf":[{"field":"yes","equals":true},{"field":"port","equals":1}]}]}"#,
                &["no", "port"],
            ),
            (
                r#"{"if":{"field":"yes","equals":true},"then":{"field":"port","equals":1},"else":{"field":"no","equals":true}}"#,
                &["port"],
            ),
        ];
        let facts = facts();
        for (json, expected) in cases {
            let condition = condition(json);
            let mut deciders = Vec::new();
            let truth = evaluate(&condition, &facts, &mut deciders);
            assert_eq!(
                deciders.iter().map(|decider| decider.leaf.field.as_str()).collect::<Vec<_>>(),
                expected,
                "{json}"
            );
            assert!(deciders.iter().all(|decider| decider.truth == truth), "{json}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            Just(Value::Opaque),
            any::<bool>().prop_map(Value::Bool),
            (0_i64..4).prop_map(Value::Integer),
            prop_oneof![Just("a"), Just("True"), Just("2"), Just("2 B"), Just("00:00:01"), Just("Unlimited")]
                .prop_map(Value::text),
        ];
        prop_oneof![3 => scalar.clone(), 1 => prop::collection::vec(scalar, 0..3).prop_map(|items| Value::List(items.into()))]
    }

    fn any_facts() -> impl Strategy<Value = Facts> {
        prop::collection::vec(prop::option::of(any_value()), 3).prop_map(|values| {
            let mut facts = Facts::default();
            for (name, value) in ["a", "b", "c"].into_iter().zip(values) {
                if let Some(value) = value {
                    facts.set(name, value);
                }
            }
            facts
        })
    }

    fn any_test(with_exists: bool) -> impl Strategy<Value = serde_json::Value> {
        let operand = prop_oneof![
            any::<bool>().prop_map(serde_json::Value::from),
            (0..4).prop_map(serde_json::Value::from),
            prop_oneof![Just("a"), Just("2 B"), Just("00:00:01")].prop_map(serde_json::Value::from),
        ];
        let flat = (operand, 0_u8..12).prop_map(move |(operand, operator)| match operator {
            0 if with_exists => serde_json::json!({ "exists": operand == serde_json::json!(true) }),
            1 => serde_json::json!({ "notEquals": operand }),
            2 => serde_json::json!({ "in": [operand, "b"] }),
            3 => serde_json::json!({ "notIn": [operand] }),
            4 => serde_json::json!({ "like": "*a*" }),
            5 => serde_json::json!({ "notLike": "a" }),
            6 => serde_json::json!({ "contains": operand }),
            7 => serde_json::json!({ "greater": 1 }),
            8 => serde_json::json!({ "lessOrEquals": "2 B" }),
            9 => serde_json::json!({ "count": { "less": 2 } }),
            _ => serde_json::json!({ "equals": operand }),
        });
        prop_oneof![
            3 => flat.clone(),
            1 => flat.clone().prop_map(|test| serde_json::json!({ "any": test })),
            1 => flat.prop_map(|test| serde_json::json!({ "all": { "not": test } })),
        ]
    }

    fn any_condition(with_exists: bool) -> impl Strategy<Value = serde_json::Value> {
        let leaf =
            (any_test(with_exists), prop_oneof![Just("a"), Just("b"), Just("c")]).prop_map(|(mut test, field)| {
                test["field"] = field.into();
                test
            });
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| serde_json::json!({ "allOf": parts })),
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| serde_json::json!({ "anyOf": parts })),
                inner.clone().prop_map(|part| serde_json::json!({ "not": part })),
                (inner.clone(), inner.clone(), inner)
                    .prop_map(|(a, b, c)| serde_json::json!({ "if": a, "then": b, "else": c })),
            ]
        })
    }

    fn truth_of_json(json: &serde_json::Value, facts: &Facts) -> Truth {
        evaluate(&condition(&json.to_string()), facts, &mut Vec::new())
    }

    proptest! {
        #[test]
        fn de_morgan(a in any_condition(true), b in any_condition(true), facts in any_facts()) {
            let not_all = serde_json::json!({ "not": { "allOf": [a, b] } });
            let any_not = serde_json::json!({ "anyOf": [{ "not": a }, { "not": b }] });
            prop_assert_eq!(truth_of_json(&not_all, &facts), truth_of_json(&any_not, &facts));
            let not_any = serde_json::json!({ "not": { "anyOf": [a, b] } });
            let all_not = serde_json::json!({ "allOf": [{ "not": a }, { "not": b }] });
            prop_assert_eq!(truth_of_json(&not_any, &facts), truth_of_json(&all_not, &facts));
        }

        #[test]
        fn not_not(a in any_condition(true), facts in any_facts()) {
            let twice = serde_json::json!({ "not": { "not": a } });
            prop_assert_eq!(truth_of_json(&twice, &facts), truth_of_json(&a, &facts));
            let once = serde_json::json!({ "not": a });
            prop_assert_eq!(truth_of_json(&once, &facts), !truth_of_json(&a, &facts));
        }

        /// What is missing never decides: where a condition without `exists` is true, or false, with a property missing,
        /// it is so whatever the property's value.
        #[test]
        fn unknown_never_becomes_pass(a in any_condition(false), facts in any_facts(), value in any_value(), name in prop_oneof![Just("a"), Just("b"), Just("c")]) {
            let mut without = Facts::default();
            for (key, value) in facts.iter().filter(|(key, _)| *key != name) {
                without.set(key, value.clone());
            }
            let mut with = without.clone();
            with.set(name, value);
            let told = truth_of_json(&a, &without);
            if told != Truth::Unknown {
                prop_assert_eq!(truth_of_json(&a, &with), told);
            }
        }

        #[test]
        fn nothing_known_means_unknown(a in any_condition(false)) {
            prop_assert_eq!(truth_of_json(&a, &Facts::default()), Truth::Unknown);
        }

        #[test]
        fn deciders_are_as_the_whole(a in any_condition(true), facts in any_facts()) {
            let condition = condition(&a.to_string());
            let mut deciders = Vec::new();
            let truth = evaluate(&condition, &facts, &mut deciders);
            prop_assert!(!deciders.is_empty());
            prop_assert!(deciders.iter().all(|decider| decider.truth == truth));
        }
    }
}
