//! A text with `{names}` in it. A brace that opens no name is a brace.

use super::Values;

/// A text, split at its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Name(String),
}

impl Text {
    /// Splits a text, and refuses a name that nobody will fill.
    pub(super) fn parse(text: &str, known: &[&str]) -> Result<Text, String> {
        let text = Text::split(text);
        if let Some(name) = text.names().find(|name| !known.contains(name)) {
            let has = known.join(", ");
            return Err(format!("names `{{{name}}}`, which this notice does not have; it has {has}"));
        }
        Ok(text)
    }

    pub(super) fn split(text: &str) -> Text {
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(open) = rest.find('{') {
            plain.push_str(&rest[..open]);
            let inner = &rest[open + 1..];
            match inner.split_once('}').filter(|(name, _)| is_name(name)) {
                Some((name, after)) => {
                    pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                    pieces.push(Piece::Name(name.to_owned()));
                    rest = after;
                }
                None => {
                    plain.push('{');
                    rest = inner;
                }
            }
        }
        plain.push_str(rest);
        pieces.push(Piece::Plain(plain));
        Text(pieces)
    }

    /// What was never told reads as nothing.
    pub(super) fn fill(&self, values: &Values) -> String {
        let mut filled = String::new();
        for piece in &self.0 {
            filled.push_str(match piece {
                Piece::Plain(text) => text,
                Piece::Name(name) => values.get(name).map_or("", String::as_str),
            });
        }
        filled
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.as_str()),
            Piece::Plain(_) => None,
        })
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}
