//! Exact money: a decimal with its currency beside it, and checked sums.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

/// The largest amount of one item, in whole units of its currency.
///
/// iyzico documents no limit (read 2026-11-22); this one keeps sums far from overflow and
/// catches a misplaced decimal point.
pub const AMOUNT_MAX_UNITS: i64 = 1_000_000_000;

/// A currency iyzico accepts for payouts.
///
/// Source: iyzico "Toplu Ödeme Başlatma" (OpenAPI 1.0.1), read 2026-11-22.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Currency {
    /// Turkish lira.
    Try,
    /// US dollar.
    Usd,
    /// Euro.
    Eur,
}

impl Currency {
    /// The three-letter ISO 4217 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Try => "TRY",
            Self::Usd => "USD",
            Self::Eur => "EUR",
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match text {
            "TRY" => Ok(Self::Try),
            "USD" => Ok(Self::Usd),
            "EUR" => Ok(Self::Eur),
            other => Err(MoneyError::UnknownCurrency(other.to_owned())),
        }
    }
}

/// An exact amount of one currency.
///
/// Amounts that we send have at most two decimals ([`Money::payable`]); amounts that the provider
/// reports are kept exactly as they came, less trailing zeros ([`Money::reported`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

impl Money {
    /// No money.
    pub const fn zero(currency: Currency) -> Self {
        Self {
            amount: Decimal::ZERO,
            currency,
        }
    }

    /// An amount that can be paid out: positive, at most two decimals, at most [`AMOUNT_MAX_UNITS`].
    pub fn payable(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        if amount <= Decimal::ZERO {
            return Err(MoneyError::NotPositive);
        }
        // As written: `41.250` may well mean forty-one thousand.
        if amount.scale() > 2 {
            return Err(MoneyError::TooManyDecimals);
        }
        if amount > Decimal::from(AMOUNT_MAX_UNITS) {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self {
            amount: amount.normalize(),
            currency,
        })
    }

    /// An amount as the provider reported it: any sign, any number of decimals.
    pub fn reported(amount: Decimal, currency: Currency) -> Self {
        Self {
            amount: amount.normalize(),
            currency,
        }
    }

    /// Reads a decimal from the text of a number (`100`, `100.50`, `1E+2`), never through a float.
    ///
    /// # Errors
    /// [`MoneyError::NotANumber`] when it is not one, or has more digits than can be kept exactly.
    pub fn decimal(text: &str) -> Result<Decimal, MoneyError> {
        let not_a_number = |_| MoneyError::NotANumber;
        if text.contains(['e', 'E']) {
            Decimal::from_scientific(text).map_err(not_a_number)
        } else {
            Decimal::from_str_exact(text).map_err(not_a_number)
        }
    }

    /// The decimal, without its currency.
    pub const fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing at all.
    pub fn is_zero(self) -> bool {
        self.amount.is_zero()
    }

    /// The sum, when both are of one currency and it can be kept exactly.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, Decimal::checked_add)
    }

    /// The difference, when both are of one currency and it can be kept exactly.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, Decimal::checked_sub)
    }

    /// The sum of many amounts of `currency`.
    pub fn sum(
        currency: Currency,
        amounts: impl IntoIterator<Item = Self>,
    ) -> Result<Self, MoneyError> {
        amounts
            .into_iter()
            .try_fold(Self::zero(currency), Self::plus)
    }

    /// The number alone, with at least two decimals: `100.00`, `0.125`.
    pub fn number(self) -> String {
        let mut shown = self.amount;
        if shown.scale() < 2 {
            shown.rescale(2);
        }
        shown.to_string()
    }

    fn combine(
        self,
        other: Self,
        operation: fn(Decimal, Decimal) -> Option<Decimal>,
    ) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrencies(self.currency, other.currency));
        }
        let amount = operation(self.amount, other.amount).ok_or(MoneyError::TooLarge)?;
        Ok(Self {
            amount: amount.normalize(),
            currency: self.currency,
        })
    }
}

impl fmt::Display for Money {
    /// For people: `1 234 567.50 TRY`, thousands apart by a no-break space.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number();
        let (sign, digits) = number
            .strip_prefix('-')
            .map_or(("", number.as_str()), |d| ("-", d));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "00"));
        let groups: Vec<String> = whole
            .chars()
            .rev()
            .collect::<Vec<_>>()
            .chunks(3)
            .map(|group| group.iter().rev().collect())
            .rev()
            .collect();
        write!(
            f,
            "{sign}{}.{fraction} {}",
            groups.join("\u{a0}"),
            self.currency
        )
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads `50000.00 TRY`: a payable amount, a space, a currency code.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (number, code) = text.trim().split_once(' ').ok_or(MoneyError::NotANumber)?;
        Self::payable(Self::decimal(number)?, code.trim().parse()?)
    }
}

/// Why something is not the money it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a decimal number.
    #[error("not a decimal number")]
    NotANumber,
    /// Zero or less.
    #[error("not above zero")]
    NotPositive,
    /// Finer than the currency's smallest coin.
    #[error("more than two decimals")]
    TooManyDecimals,
    /// Above [`AMOUNT_MAX_UNITS`], or a sum too large to keep exactly.
    #[error("too large")]
    TooLarge,
    /// A code other than TRY, USD, EUR.
    #[error("unknown currency `{0}`; use TRY, USD or EUR")]
    UnknownCurrency(String),
    /// Two currencies where one was meant.
    #[error("{0} and {1} in one sum")]
    MixedCurrencies(Currency, Currency),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lira(text: &str) -> Money {
        Money::payable(Money::decimal(text).unwrap(), Currency::Try).unwrap()
    }

    #[test]
    fn a_payable_amount_is_positive_and_has_at_most_two_decimals() {
        let of = |text| Money::payable(Money::decimal(text).unwrap(), Currency::Try);
        assert_eq!(of("0"), Err(MoneyError::NotPositive));
        assert_eq!(of("-1"), Err(MoneyError::NotPositive));
        assert_eq!(of("0.001"), Err(MoneyError::TooManyDecimals));
        assert_eq!(of("1000000000.01"), Err(MoneyError::TooLarge));
        assert_eq!(of("100.5").map(Money::number), Ok("100.50".into()));
        assert_eq!(of("41.250"), Err(MoneyError::TooManyDecimals), "as written");
    }

    #[test]
    fn numbers_are_read_from_their_text() {
        for (text, number) in [
            ("1E+2", "100.00"),
            ("0E-8", "0.00"),
            ("20.00000000", "20.00"),
        ] {
            let money = Money::reported(Money::decimal(text).unwrap(), Currency::Try);
            assert_eq!(money.number(), number, "{text}");
        }
        assert_eq!(Money::decimal("1,5"), Err(MoneyError::NotANumber));
        assert_eq!(Money::decimal("NaN"), Err(MoneyError::NotANumber));
        assert_eq!(Money::decimal(""), Err(MoneyError::NotANumber));
    }

    #[test]
    fn currencies_never_mix_in_a_sum() {
        let euro = Money::zero(Currency::Eur);
        assert_eq!(
            lira("1").plus(euro),
            Err(MoneyError::MixedCurrencies(Currency::Try, Currency::Eur))
        );
    }

    #[test]
    fn people_read_groups_of_thousands() {
        assert_eq!(lira("35100").to_string(), "35\u{a0}100.00 TRY");
        assert_eq!(lira("1234567.5").to_string(), "1\u{a0}234\u{a0}567.50 TRY");
        let back = lira("1").minus(lira("1000.25")).unwrap();
        assert_eq!(back.to_string(), "-999.25 TRY");
    }
}
