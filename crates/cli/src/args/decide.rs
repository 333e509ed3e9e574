//! `reject` and `why`.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use onay_payout::{PersonName, ReasonCode};

use super::{BatchArg, Decide, Json};

#[derive(Debug, Args)]
pub(crate) struct Reject {
    #[command(flatten)]
    pub(crate) who: Decide,
    /// Why; the maker reads this
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// What kind of reason
    #[arg(long, value_name = "CODE", value_parser = reason_code(), default_value = "other")]
    pub(crate) code: ReasonCode,
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    #[command(flatten)]
    pub(crate) batch: BatchArg,
    /// About whom; nobody's token is needed
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) person: PersonName,
    #[command(flatten)]
    pub(crate) json: Json,
}

fn reason_code() -> impl TypedValueParser<Value = ReasonCode> {
    PossibleValuesParser::new(ReasonCode::ALL.map(ReasonCode::word))
        .try_map(|word| ReasonCode::from_word(&word).ok_or("no such code"))
}
