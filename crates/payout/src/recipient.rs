//! Who is paid: the four kinds of recipient iyzico knows, and the checks each can pass or fail.

use std::fmt;
use std::str::FromStr;

use iban::Iban;

/// How a recipient is named.
///
/// Source: iyzico "Mass Payout Initialize", `recipientType`, read 2026-11-22.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecipientType {
    /// A bank account.
    Iban,
    /// The wallet of an iyzico member, by phone number.
    Phone,
    /// By Turkish national or tax number.
    IdentityNumber,
    /// By iyzico's member number.
    MemberId,
}

impl RecipientType {
    /// Every kind, in the order of iyzico's documentation.
    pub const ALL: [Self; 4] = [
        Self::Phone,
        Self::Iban,
        Self::IdentityNumber,
        Self::MemberId,
    ];

    /// iyzico's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Iban => "IBAN",
            Self::Phone => "PHONE",
            Self::IdentityNumber => "IDENTITY_NUMBER",
            Self::MemberId => "MEMBER_ID",
        }
    }
}

impl fmt::Display for RecipientType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for RecipientType {
    type Err = UnknownRecipientType;

    fn from_str(word: &str) -> Result<Self, UnknownRecipientType> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.word() == word)
            .ok_or(UnknownRecipientType)
    }
}

/// A word that is none of the four recipient types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("use IBAN, PHONE, IDENTITY_NUMBER or MEMBER_ID")]
pub struct UnknownRecipientType;

/// Personal data that shows only its ends: in `Debug`, in `Display`, in every log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Personal(Box<str>);

impl Personal {
    /// Wraps a personal text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself: for the provider, the ledger, and people who may see it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Personal {
    /// `TR92…3528`; short texts are hidden whole.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chars: Vec<char> = self.0.chars().collect();
        let shown = if chars.len() >= 12 {
            4
        } else {
            usize::from(chars.len() >= 6)
        };
        let (head, tail) = (chars.iter().take(shown), chars.iter().rev().take(shown));
        let tail: String = tail.collect::<Vec<_>>().into_iter().rev().collect();
        write!(f, "{}…{tail}", head.collect::<String>())
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Personal({self})")
    }
}

/// Who gets the money of one item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recipient {
    /// How the recipient is named.
    pub kind: RecipientType,
    /// The account, phone, number or member id.
    pub info: Personal,
    /// The account holder; iyzico requires it for an IBAN.
    pub name: Option<Personal>,
}

/// Why a recipient's identifier cannot be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RecipientProblem {
    /// It does not have the form of its kind.
    Form,
    /// The form is right, the check digits are not. May be let through for the provider to judge.
    Checksum,
}

/// Checks an identifier against the form and the check digits of its kind.
pub(crate) fn check_identifier(kind: RecipientType, info: &str) -> Result<(), RecipientProblem> {
    match kind {
        RecipientType::Iban => check_iban(info),
        RecipientType::Phone => check_phone(info),
        RecipientType::IdentityNumber => check_identity_number(info),
        RecipientType::MemberId => check_member_id(info),
    }
}

/// ISO 13616: country, length, mod 97. Upper case, no spaces, as iyzico's samples write it.
fn check_iban(text: &str) -> Result<(), RecipientProblem> {
    if text
        .chars()
        .any(|c| !c.is_ascii_uppercase() && !c.is_ascii_digit())
    {
        return Err(RecipientProblem::Form);
    }
    if text.starts_with("TR") && text.len() != 26 {
        return Err(RecipientProblem::Form);
    }
    match text.parse::<Iban>() {
        Ok(_) => Ok(()),
        Err(iban::ParseIbanError::InvalidBaseIban {
            source: iban::ParseBaseIbanError::InvalidChecksum,
        }) => Err(RecipientProblem::Checksum),
        Err(_) => Err(RecipientProblem::Form),
    }
}

/// E.164: a plus sign, then 8 to 15 digits, the first not zero. Turkish numbers have 12.
fn check_phone(text: &str) -> Result<(), RecipientProblem> {
    let digits = text.strip_prefix('+').ok_or(RecipientProblem::Form)?;
    let is_e164 = digits.bytes().all(|b| b.is_ascii_digit())
        && (8..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && (!digits.starts_with("90") || digits.len() == 12);
    if is_e164 {
        Ok(())
    } else {
        Err(RecipientProblem::Form)
    }
}

/// Member ids are short decimal numbers (by sample; iyzico documents no form).
fn check_member_id(text: &str) -> Result<(), RecipientProblem> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    if is_number && (1..=19).contains(&text.len()) {
        Ok(())
    } else {
        Err(RecipientProblem::Form)
    }
}

/// A national number has eleven digits, a tax number ten.
fn check_identity_number(text: &str) -> Result<(), RecipientProblem> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
    let is_right = match digits.as_deref() {
        Some(digits @ [first, ..]) if digits.len() == 11 && *first != 0 => {
            is_national_number(digits)
        }
        Some(digits) if digits.len() == 10 => is_tax_number(digits),
        Some(_) | None => return Err(RecipientProblem::Form),
    };
    if is_right {
        Ok(())
    } else {
        Err(RecipientProblem::Checksum)
    }
}

/// T.C. kimlik no: digit 10 is (7 × odd places − even places) mod 10, digit 11 the sum of the
/// first ten mod 10.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "sums of at most eleven digits"
)]
fn is_national_number(digits: &[u32]) -> bool {
    let [body @ .., tenth, eleventh] = digits else {
        return false;
    };
    let odd: u32 = body.iter().step_by(2).sum();
    let even: u32 = body.iter().skip(1).step_by(2).sum();
    // Adding 40 keeps the difference positive: `even` is at most 36.
    let first_check = (odd * 7 + 40 - even) % 10;
    let second_check = (odd + even + tenth) % 10;
    *tenth == first_check && *eleventh == second_check
}

/// Vergi kimlik no: each of nine digits is shifted by its place, doubled as often as its place
/// from the right, reduced mod 9; the tenth complements their sum to ten.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "sums of at most eleven digits"
)]
fn is_tax_number(digits: &[u32]) -> bool {
    let Some((check, body)) = digits.split_last() else {
        return false;
    };
    let sum: u32 = body
        .iter()
        .zip((1..=9_u32).rev())
        .map(|(digit, place)| {
            let shifted = (digit + place) % 10;
            let reduced = shifted * 2_u32.pow(place) % 9;
            if shifted != 0 && reduced == 0 {
                9
            } else {
                reduced
            }
        })
        .sum();
    *check == (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_checked_by_the_rules_of_their_kind() {
        use RecipientProblem::{Checksum, Form};
        use RecipientType::{Iban, IdentityNumber, MemberId, Phone};
        let table = [
            (Iban, "TR920086402100005482986178", Ok(())),
            (Iban, "TR920086402100002353983528", Err(Checksum)), // as iyzico's guide prints it
            (Iban, "TR1234567891212", Err(Form)),                // as iyzico's SDK prints it
            (Iban, "DE89370400440532013000", Ok(())),
            (Iban, "TR92 0086 4021 0000 5482 9861 78", Err(Form)),
            (Iban, "9,20086E+24", Err(Form)),
            (Iban, "", Err(Form)),
            (IdentityNumber, "22222222220", Ok(())),
            (IdentityNumber, "53857708216", Ok(())),
            (IdentityNumber, "53857708217", Err(Checksum)),
            (IdentityNumber, "2222222817", Err(Checksum)), // ten digits, in iyzico's guide
            (IdentityNumber, "1234567890", Ok(())),        // a well-formed tax number
            (IdentityNumber, "02222222220", Err(Form)),
            (IdentityNumber, "123", Err(Form)),
            (Phone, "+905555856935", Ok(())),
            (Phone, "05555856935", Err(Form)),
            (Phone, "+90555585693", Err(Form)),
            (MemberId, "2228853", Ok(())),
            (MemberId, "22x", Err(Form)),
            (MemberId, "", Err(Form)),
        ];
        for (kind, info, expected) in table {
            assert_eq!(check_identifier(kind, info), expected, "{kind} {info}");
        }
    }

    #[test]
    fn personal_data_shows_only_its_ends() {
        let iban = Personal::new("TR920086402100005482986178");
        assert_eq!(format!("{iban:?}"), "Personal(TR92…6178)");
        assert_eq!(Personal::new("2228853").to_string(), "2…3");
        assert_eq!(Personal::new("Ayşe").to_string(), "…");
    }
}
