//! By what makers, payees and names are found again.

use std::fmt;
use std::str::FromStr;

use crate::digest::{Canonical, Digest};
use crate::ids::PersonName;
use crate::recipient::{Personal, Recipient, RecipientType};

/// Where something is remembered: `maker:ayse`, `payee:` or `name:` and 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HistoryKey {
    /// Of a maker.
    Maker(PersonName),
    /// Of a payee.
    Payee(PayeeKey),
    /// Of a payee's name.
    Name(NameKey),
}

impl fmt::Display for HistoryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Maker(name) => write!(f, "maker:{name}"),
            Self::Payee(key) => write!(f, "payee:{key}"),
            Self::Name(key) => write!(f, "name:{key}"),
        }
    }
}

/// A text that is the key of nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("no key of a maker, a payee or a name")]
pub struct HistoryKeyError;

impl FromStr for HistoryKey {
    type Err = HistoryKeyError;

    fn from_str(text: &str) -> Result<Self, HistoryKeyError> {
        match text.split_once(':') {
            Some(("maker", name)) => name.parse().map(Self::Maker).map_err(|_| HistoryKeyError),
            Some(("payee", key)) => key.parse().map(Self::Payee),
            Some(("name", key)) => key.parse().map(Self::Name),
            Some(_) | None => Err(HistoryKeyError),
        }
    }
}

macro_rules! hashed_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = HistoryKeyError;

            fn from_str(text: &str) -> Result<Self, HistoryKeyError> {
                read(text).map(Self)
            }
        }
    };
}

hashed_key!(
    /// An account that is paid, however it was typed.
    PayeeKey
);
hashed_key!(
    /// A name that is paid, however it was typed.
    NameKey
);

impl PayeeKey {
    /// The account of a recipient.
    pub fn of(recipient: &Recipient) -> Self {
        let account = account(recipient);
        Self(hashed("onay payee 1", recipient.kind, account.expose()))
    }
}

impl NameKey {
    /// The name of a recipient who has one.
    pub fn of(recipient: &Recipient) -> Option<Self> {
        let name = folded(recipient.name.as_ref()?.expose());
        (!name.is_empty()).then(|| Self(hashed("onay payee name 1", recipient.kind, &name)))
    }
}

/// The account of a recipient without white space, in upper case.
pub(super) fn account(recipient: &Recipient) -> Personal {
    let text = recipient.info.expose().chars();
    let visible = text.filter(|c| !c.is_whitespace());
    Personal::new(visible.flat_map(char::to_uppercase).collect::<String>())
}

/// A name in lower case, its words apart by one space.
///
/// Turkish has an i with and one without a dot, and which of them an `I` was is lost in a text that
/// was typed without Turkish letters. So both are one letter here.
fn folded(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let letters = words.join(" ");
    letters
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| *c != '\u{307}') // the dot of `İ`, once it is a lower case i
        .map(|c| if c == 'ı' { 'i' } else { c })
        .collect()
}

fn hashed(format: &str, kind: RecipientType, text: &str) -> [u8; 16] {
    let mut canonical = Canonical::new(format);
    canonical.field(kind.word());
    canonical.field(text);
    first_half(&canonical.finish())
}

fn first_half(digest: &Digest) -> [u8; 16] {
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    half
}

/// Reads 32 digits, as they are written: in lower case.
fn read(text: &str) -> Result<[u8; 16], HistoryKeyError> {
    let mut bytes = [0; 16];
    let is_lower = !text.bytes().any(|b| b.is_ascii_uppercase());
    match hex::decode_to_slice(text, &mut bytes) {
        Ok(()) if is_lower => Ok(bytes),
        Ok(()) | Err(_) => Err(HistoryKeyError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipient(info: &str, name: &str) -> Recipient {
        Recipient {
            kind: RecipientType::Iban,
            info: Personal::new(info),
            name: Some(Personal::new(name)),
        }
    }

    #[test]
    fn an_account_is_one_payee_however_it_is_typed() {
        let payee = |info| PayeeKey::of(&recipient(info, "Ayşe Yılmaz"));
        let plain = payee("TR920086402100005482986178");
        assert_eq!(payee("TR92 0086 4021 0000 5482 9861 78"), plain);
        assert_eq!(payee(" tr92\u{a0}0086402100005482986178\t"), plain);
        assert_ne!(payee("TR920086402100005482986179"), plain);
        let phone = Recipient {
            kind: RecipientType::Phone,
            ..recipient("TR920086402100005482986178", "")
        };
        assert_ne!(PayeeKey::of(&phone), plain);
    }

    #[test]
    fn a_turkish_name_is_one_name_however_it_is_typed() {
        let name = |name| NameKey::of(&recipient("TR92", name));
        for variants in [
            &[
                "İbrahim Işık",
                "ibrahim ışık",
                "İBRAHİM IŞIK",
                "IBRAHIM IŞIK",
                "i\u{307}brahim işık",
            ][..],
            &["Ayşe Yılmaz", "  AYŞE \u{a0} YILMAZ ", "ayşe\tyilmaz"],
            &["Çağrı Öztürk", "ÇAĞRI ÖZTÜRK"],
        ] {
            for variant in variants {
                assert_eq!(name(variant), name(variants[0]), "{variant}");
            }
        }
        assert_ne!(name("Ayşe Yılmaz"), name("Ayşe Yıldız"));
        assert_ne!(name("Ay Şe"), name("Ayşe"));
        assert_eq!(name(" "), None);
    }

    #[test]
    fn a_key_is_for_ever_the_same_text() {
        let recipient = recipient("TR920086402100005482986178", "Ayşe Yılmaz");
        let keys = [
            (HistoryKey::Maker("ayse".parse().unwrap()), "maker:ayse"),
            (
                HistoryKey::Payee(PayeeKey::of(&recipient)),
                "payee:b3208e993870412050e42f013d6f2c20",
            ),
            (
                HistoryKey::Name(NameKey::of(&recipient).unwrap()),
                "name:f5e2d0f34bca01fcd71d733707a7b48a",
            ),
        ];
        for (key, text) in keys {
            assert_eq!(key.to_string(), text);
            assert_eq!(text.parse(), Ok(key));
        }
        for odd in ["", "maker:", "payee:00", "name:zz", "other:ayse", "maker"] {
            assert_eq!(odd.parse::<HistoryKey>(), Err(HistoryKeyError), "{odd}");
        }
        let upper = format!("payee:{}", "AB".repeat(16));
        assert!(upper.parse::<HistoryKey>().is_err());
        assert!(upper.to_lowercase().parse::<HistoryKey>().is_ok());
    }
}
