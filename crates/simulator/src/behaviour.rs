//! What the provider's pages leave open, as switches.

mod alteration;
mod calls;
mod shapes;
mod words;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::text;
pub use alteration::{Alteration, Change, When};
pub use calls::{
    AfterFailed, AllInvalid, Funds, LateCancel, MixedResult, RepeatedAuth, RepeatedCancel,
    RepeatedInit, ShortBatch, Shortage, UnknownId,
};
pub use shapes::{
    AmountsAs, BadKeys, BalanceAs, ErrorCodeAs, FailureStatus, ItemErrorsAs, Paging, TotalOf,
};
pub use words::Word;

/// What the provider's pages do not say or say twice. Each default is the documented side where there is
/// one, otherwise the side that is kinder to the caller; none is verified. The numbers U1 to U19 are those
/// of `docs/iyzico.md`.
///
/// Can be changed while the simulator runs (`POST /_sim/behaviour`, with the fields to change); a change
/// counts from the next call on. Times are in milliseconds.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// A second init with an external id already used (U1).
    pub repeated_init: RepeatedInit,
    /// An init whose items are all invalid (U16).
    pub all_invalid: AllInvalid,
    /// A second auth of the same batch (U4).
    pub repeated_auth: RepeatedAuth,
    /// A cancel after auth (U10).
    pub late_cancel: LateCancel,
    /// A second cancel of the same batch (U10).
    pub repeated_cancel: RepeatedCancel,
    /// Retrieve of a batch nobody created (U3).
    pub unknown_id: UnknownId,
    /// How long after init a batch is unknown to retrieve (U5, U6). Default 0.
    pub readable_after_ms: u64,
    /// How long after init retrieve shows only the first half of the items (U5). Default 0.
    pub items_readable_after_ms: u64,
    /// How long after init a batch that nobody authorized is cancelled by the provider (U19).
    /// Default never.
    pub expires_after_ms: Option<u64>,
    /// Signed calls of all endpoints that are served in one minute of the clock; the others are answered
    /// with 50000 (U14). Default no limit.
    pub calls_per_minute: Option<u32>,

    /// When a lack of funds shows (U9).
    pub funds: Funds,
    /// How much more the balance call shows than can be spent, so that only auth finds a lack of funds: the
    /// shortage may be the provider's own. Default 0.
    #[serde(with = "text::amount")]
    pub balance_excess: Decimal,
    /// The word for a lack of funds (U9).
    pub shortage: Shortage,
    /// What becomes of a batch that showed that word (U9).
    pub short_batch: ShortBatch,
    /// The final status of a batch with paid and failed items (U8).
    pub mixed_result: MixedResult,
    /// Where the money of a failed item goes (U12). Items keep what was set when they were stored.
    pub after_failed: AfterFailed,

    /// Whether items carry `massPayoutRequestId`, seen only in iyzico's unmerged Java change (U2).
    /// Default no.
    pub show_request_id: bool,
    /// Where retrieve puts `page`, `size` and `total`.
    pub paging: Paging,
    /// The most items on a page, whatever the caller asks for (U13). Default no limit.
    pub page_size_max: Option<usize>,
    /// What `totalAmount` sums (U7).
    pub total_of: TotalOf,
    /// The HTTP status of failures (U16).
    pub failure_http_status: FailureStatus,
    /// What wrong keys and signatures are answered with.
    pub bad_keys: BadKeys,
    /// The JSON type of `errorCode`.
    pub error_code_as: ErrorCodeAs,
    /// Where retrieve puts what is wrong with an item.
    pub item_errors_as: ItemErrorsAs,
    /// The JSON type of the balance.
    pub balance_as: BalanceAs,
    /// How the amounts of batches and items are written.
    pub amounts_as: AmountsAs,

    /// How far the shown status of batches is behind. Default 0.
    pub batch_lag_ms: u64,
    /// How far the shown status of items is behind. Default 0.
    pub item_lag_ms: u64,
    /// Other words for the status of batches, such as the `SUCCESS` of iyzico's unmerged Java change.
    pub batch_words: Vec<Word<crate::BatchStatus>>,
    /// Other words for the status of items. Ids are those of items.
    pub item_words: Vec<Word<crate::ItemStatus>>,
    /// Batches of which the provider holds something else than was sent (U18).
    pub alterations: Vec<Alteration>,
}

impl Behaviour {
    /// These switches with the fields of a JSON object in the place of their own.
    ///
    /// # Errors
    /// When the text is not such an object; an unknown field is named.
    pub fn changed(&self, fields: &str) -> Result<Self, serde_json::Error> {
        let fields: Map<String, Value> = serde_json::from_str(fields)?;
        let mut whole = serde_json::to_value(self)?;
        if let Value::Object(whole) = &mut whole {
            whole.extend(fields);
        }
        serde_json::from_value(whole)
    }
}
