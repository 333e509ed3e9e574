//! One string or number of an answer, kept as text.

use onay_payout::Money;
use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Longest text of iyzico's that is kept, in characters: enough for any sentence, too little for
/// a page.
const WORDS_CHARS_MAX: usize = 300;

/// A JSON string, number or boolean as the text it was written with.
///
/// iyzico writes the same field now as a number, now as a string (`errorCode`, `balance`,
/// `status`), and money must not pass through a float; so no field is read as anything else.
/// No `Debug`: it may hold personal data.
pub(crate) struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get())
                .map(Self)
                .map_err(D::Error::custom),
            Some(b'[' | b'{') => Err(D::Error::custom("a single value was expected")),
            Some(_) | None => Ok(Self(raw.get().to_owned())),
        }
    }
}

impl Scalar {
    /// The exact number, if it is one.
    pub(crate) fn decimal(&self) -> Option<Decimal> {
        Money::decimal(&self.0).ok()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text, or an array of texts, or nothing: iyzico's pages and its Java client differ.
pub(crate) struct Texts(Vec<Option<Scalar>>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let texts = if raw.get().starts_with('[') {
            serde_json::from_str(raw.get())
        } else {
            serde_json::from_str(raw.get()).map(|text| vec![text])
        };
        texts.map(Self).map_err(D::Error::custom)
    }
}

impl Texts {
    /// The sentences, cut as [`words`] cuts them.
    pub(crate) fn into_words(self) -> impl Iterator<Item = String> {
        self.0.into_iter().filter_map(words)
    }
}

/// The text of a field; an empty one counts as not shown.
pub(crate) fn text(field: Option<Scalar>) -> Option<String> {
    field.map(|scalar| scalar.0).filter(|text| !text.is_empty())
}

/// A sentence of iyzico's, cut to a length that can be kept and shown.
pub(crate) fn words(field: Option<Scalar>) -> Option<String> {
    text(field).map(cut)
}

/// Cuts a text to the longest that is kept.
pub(crate) fn cut(text: String) -> String {
    match text.char_indices().nth(WORDS_CHARS_MAX) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Scalar> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_number_is_read_from_its_digits_wherever_it_stands() {
        for (json, number) in [
            ("100", "100"),
            ("20.00000000", "20.00000000"),
            ("\"25399393.5\"", "25399393.5"),
            ("1E+2", "100"),
            ("0E-8", "0.00000000"),
            ("-0.01", "-0.01"),
            (
                "79228162514264337593543950335",
                "79228162514264337593543950335",
            ),
        ] {
            let decimal = read(json).unwrap().decimal().unwrap();
            assert_eq!(decimal.to_string(), number, "{json}");
        }
        for json in [
            "\"\"",
            "\"1,5\"",
            "true",
            "1e999",
            "0.00000000000000000000000000000001",
        ] {
            assert_eq!(read(json).unwrap().decimal(), None, "{json}");
        }
    }

    #[test]
    fn only_single_values_are_read() {
        assert!(serde_json::from_str::<Scalar>("[1]").is_err());
        assert!(serde_json::from_str::<Scalar>("{}").is_err());
        assert!(read("null").is_none());
    }

    #[test]
    fn long_words_are_cut_between_characters() {
        let long = format!("\"{}\"", "ş".repeat(400));
        assert_eq!(words(read(&long)), Some("ş".repeat(300)));
        assert_eq!(words(read("\"\"")), None);
        assert_eq!(words(read("\"a\\u011f\"")).as_deref(), Some("ağ"));
    }
}
