//! How the model provider behaves where nobody documented it.

/// How this provider behaves where nobody documented it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Switches {
    pub(crate) repeated_init: RepeatedInit,
    pub(crate) repeated_auth: RepeatedAuth,
    pub(crate) unknown_id: UnknownId,
    pub(crate) request_id: ShowsRequestId,
    /// Looks that do not show a new batch yet.
    pub(crate) lag: u8,
    pub(crate) funds: Funds,
    pub(crate) outcome: Outcomes,
    pub(crate) refund: Refund,
    /// How many items it refuses at initialize, from the end.
    pub(crate) invalid: usize,
    pub(crate) copy: Copied,
    pub(crate) words: Words,
    pub(crate) of_many: OfMany,
}

impl Switches {
    pub(crate) const USUAL: Self = Self {
        repeated_init: RepeatedInit::SameId,
        repeated_auth: RepeatedAuth::PaysTwice,
        unknown_id: UnknownId::Empty,
        request_id: ShowsRequestId::OnItems,
        lag: 0,
        funds: Funds::Enough,
        outcome: Outcomes::Paid,
        refund: Refund::Never,
        invalid: 0,
        copy: Copied::Right,
        words: Words::Plain,
        of_many: OfMany::Newest,
    };
}

macro_rules! switch {
    ($(#[$doc:meta])* $name:ident { $($variant:ident),+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum $name { $($variant),+ }

        impl $name {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];
        }
    };
}

switch!(
    /// Initialize again under the same external id.
    RepeatedInit { SameId, Refuses, NewBatch }
);
switch!(
    /// Authorize on a batch that was started.
    RepeatedAuth { SameAnswer, Refuses, PaysTwice }
);
switch!(
    /// A look for a batch that is not there.
    UnknownId { Refused, Empty }
);
switch!(
    /// Where the request id can be read.
    ShowsRequestId { OnItems, ByItem, Never }
);
switch!(
    /// What happens when the balance does not cover a batch; people top it up later.
    Funds { Enough, AuthRefuses, LaterStatus }
);
switch!(
    /// What becomes of the items.
    Outcomes { Paid, Mixed, Failed }
);
switch!(
    /// What becomes of failed items.
    Refund { Never, Back, Failed }
);
switch!(
    /// What it stored, compared with what was sent.
    Copied { Right, OtherAmount, OtherPayee, Missing, Extra }
);
switch!(
    /// Which of several batches under one external id it shows.
    OfMany { Newest, Oldest }
);
switch!(
    /// What it calls things on the way.
    Words { Plain, OddBatch, OddItem, BatchLags, ItemsLag, BothLag, MixedStaysPublished, TakesBack }
);
