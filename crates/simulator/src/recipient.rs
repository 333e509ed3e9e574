//! The checks of recipients, kept apart from the client's so that both cannot be wrong together.

use crate::RecipientType;

/// Whether the shape and the check digits of the recipient are right.
pub(crate) fn is_valid(kind: RecipientType, info: &str) -> bool {
    match kind {
        RecipientType::Iban => is_iban(info),
        RecipientType::Phone => is_phone(info),
        RecipientType::IdentityNumber => is_citizen_number(info) || is_tax_number(info),
        RecipientType::MemberId => digits(info).is_some_and(|digits| !digits.is_empty()),
    }
}

/// ISO 13616: country and check digits moved to the end, letters read as 10 to 35, remainder of 97 is 1.
fn is_iban(info: &str) -> bool {
    let length_fits = if info.starts_with("TR") {
        info.len() == 26
    } else {
        (15..=34).contains(&info.len())
    };
    let Some((head, tail)) = info.split_at_checked(4) else {
        return false;
    };
    let remainder = tail.chars().chain(head.chars()).try_fold(0, |sum, letter| {
        let value = letter
            .to_digit(36)
            .filter(|_| !letter.is_ascii_lowercase())?;
        let shift = if value < 10 { 10_u32 } else { 100 };
        shift
            .checked_mul(sum)?
            .checked_add(value)
            .map(|sum| sum % 97)
    });
    length_fits && remainder == Some(1)
}

/// E.164; a Turkish number must be a mobile one.
fn is_phone(info: &str) -> bool {
    let Some(number) = info.strip_prefix('+') else {
        return false;
    };
    digits(number).is_some()
        && match number.strip_prefix("90") {
            Some(national) => national.len() == 10 && national.starts_with('5'),
            None => (8..=15).contains(&number.len()) && !number.starts_with('0'),
        }
}

/// The eleven digits of a citizen (TCKN).
#[expect(
    clippy::arithmetic_side_effects,
    reason = "eleven digits cannot overflow"
)]
fn is_citizen_number(info: &str) -> bool {
    let digits = digits(info).unwrap_or_default();
    let &[ref first_nine @ .., tenth, eleventh] = digits.as_slice() else {
        return false;
    };
    let odd: u32 = first_nine.iter().step_by(2).sum();
    let even: u32 = first_nine.iter().skip(1).step_by(2).sum();
    first_nine.len() == 9
        && first_nine.first() != Some(&0)
        && (odd * 7 + 90 - even) % 10 == tenth
        && (odd + even + tenth) % 10 == eleventh
}

/// The ten digits of a company (VKN).
#[expect(clippy::arithmetic_side_effects, reason = "ten digits cannot overflow")]
fn is_tax_number(info: &str) -> bool {
    let digits = digits(info).unwrap_or_default();
    let &[ref first_nine @ .., check] = digits.as_slice() else {
        return false;
    };
    let sum: u32 = (1..=9)
        .rev()
        .zip(first_nine)
        .map(|(weight, digit)| match (digit + weight) % 10 {
            9 => 9,
            shifted => (shifted << weight) % 9,
        })
        .sum();
    first_nine.len() == 9 && (10 - sum % 10) % 10 == check
}

fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|digit| digit.to_digit(10)).collect()
}

#[cfg(test)]
mod tests {
    use super::is_valid;
    use crate::RecipientType::{self, Iban, IdentityNumber, MemberId, Phone};

    #[test]
    fn check_digits_decide() {
        let table: &[(RecipientType, &str, bool)] = &[
            (Iban, "TR920086402100005482986178", true),
            (Iban, "TR920086402100002353983528", false),
            (Iban, "TR920086402100005482911108", false),
            (Iban, "TR1234567891212", false),
            (Iban, "tr920086402100005482986178", false),
            (Iban, "DE89370400440532013000", true),
            (Iban, "DE89370400440532013001", false),
            (Iban, "", false),
            (Iban, "çççççççç", false),
            (IdentityNumber, "22222222220", true),
            (IdentityNumber, "53857708216", true),
            (IdentityNumber, "53857708217", false),
            (IdentityNumber, "02222222220", false),
            (IdentityNumber, "2222222817", false),
            (IdentityNumber, "1234567890", true),
            (IdentityNumber, "1234567891", false),
            (IdentityNumber, "", false),
            (Phone, "+905555856935", true),
            (Phone, "+902125856935", false),
            (Phone, "05555856935", false),
            (Phone, "+15551234567", true),
            (MemberId, "2228853", true),
            (MemberId, "22A8853", false),
            (MemberId, "", false),
        ];
        for (kind, info, valid) in table {
            assert_eq!(is_valid(*kind, info), *valid, "{kind:?} {info}");
        }
    }
}
