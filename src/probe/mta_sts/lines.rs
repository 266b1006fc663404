//! The lines of a policy: where each begins and how it ends (RFC 8461 section 3.2, erratum 6253).

/// One line without its terminator.
#[derive(Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Counted from 1.
    pub number: usize,
    pub text: &'a [u8],
    /// A carriage return that no line feed follows ended it. That is no terminator; it is taken for one, so that what
    /// comes after is read all the same.
    pub ended_by_bare_return: bool,
}

/// Splits a text after LF, CRLF and bare CR. What follows the last terminator is a line only if there is anything.
pub fn lines(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut rest = text;
    let mut number = 0;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let (text, terminator) = rest.split_at(length);
        let (ended_by_bare_return, after) = match terminator {
            [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] => (false, after),
            [b'\r', after @ ..] => (true, after),
            after => (false, after),
        };
        rest = after;
        number += 1;
        Some(Line { number, text, ended_by_bare_return })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p3_terminators_by_the_table() {
        let cases: [(&str, &[(&str, bool)]); 9] = [
            ("", &[]),
            ("a", &[("a", false)]),
            ("a\n", &[("a", false)]),
            ("a\r\n", &[("a", false)]),
            ("a\r\nb\nc", &[("a", false), ("b", false), ("c", false)]),
            ("a\rb\n", &[("a", true), ("b", false)]),
            ("a\r", &[("a", true)]),
            ("a\r\r\n", &[("a", true), ("", false)]),
            ("\n\n", &[("", false), ("", false)]),
        ];
        for (text, expected) in cases {
            let found: Vec<_> = lines(text.as_bytes())
                .map(|line| (std::str::from_utf8(line.text).unwrap().to_owned(), line.ended_by_bare_return))
                .collect();
            let expected: Vec<_> = expected.iter().map(|(text, bare)| ((*text).to_owned(), *bare)).collect();
            assert_eq!(found, expected, "{text:?}");
        }
        assert_eq!(lines(b"a\nb").map(|line| line.number).collect::<Vec<_>>(), [1, 2]);
    }
}
