//! A provider that keeps to the rate budget.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use onay_payout::provider::{Initialized, NotSent, Query, RemoteItem, RemotePage};
use onay_payout::{
    Account, Content, ExternalId, Provider, ProviderError, ReferenceCode, ReleasePermit, RequestId,
    SendBy,
};
use rust_decimal::Decimal;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use crate::budget::{Budget, Share, Spent};
use crate::ledger::Ledger;

/// Pause before a call is tried again while the ledger cannot be asked.
const LEDGER_PAUSE: Duration = Duration::from_secs(1);

/// A provider whose calls are paid for out of the budget that all processes of a ledger share.
///
/// What is over budget, or cannot be paid for because the ledger is away, is not sent
/// ([`NotSent::OverBudget`]). When the provider says that its own limit is reached, nobody calls
/// it before the next minute.
pub struct Metered {
    inner: Arc<dyn Provider>,
    ledger: Arc<dyn Ledger>,
    reads: Share,
    budget: Budget,
    lot: Mutex<Lot>,
}

/// Reads that were granted and not made yet.
struct Lot {
    calls: u32,
    window_ends: Instant,
}

impl Metered {
    /// The same provider, its reads paid for by the share `reads` of `budget`, its writes by
    /// [`Share::Write`].
    pub fn new(
        provider: Arc<dyn Provider>,
        ledger: Arc<dyn Ledger>,
        reads: Share,
        budget: Budget,
    ) -> Self {
        Self {
            inner: provider,
            ledger,
            reads,
            budget,
            lot: Mutex::new(Lot {
                calls: 0,
                window_ends: Instant::now(),
            }),
        }
    }

    async fn read<T>(
        &self,
        call: impl Future<Output = Result<T, ProviderError>> + Send,
    ) -> Result<T, ProviderError> {
        self.paid(self.pay_read(), call).await
    }

    async fn write<T>(
        &self,
        call: impl Future<Output = Result<T, ProviderError>> + Send,
    ) -> Result<T, ProviderError> {
        self.paid(self.pay_write(), call).await
    }

    /// Makes a call, once it is paid for.
    async fn paid<T>(
        &self,
        payment: impl Future<Output = Result<(), Duration>> + Send,
        call: impl Future<Output = Result<T, ProviderError>> + Send,
    ) -> Result<T, ProviderError> {
        let over = |wait| ProviderError::NotSent(NotSent::OverBudget(wait));
        payment.await.map_err(over)?;
        let answer = call.await;
        if matches!(answer, Err(ProviderError::NotSent(NotSent::RateLimited))) {
            self.close_window().await;
        }
        answer
    }

    /// Keeps everybody from calling before the next minute.
    async fn close_window(&self) {
        warn!("the provider's rate limit is reached; it is not called before the next minute");
        // Nobody in this process is granted another call before it is closed.
        let mut lot = self.lot.lock().await;
        lot.calls = 0;
        if let Err(error) = self.ledger.close_window().await {
            warn!("other processes could not be told of the provider's rate limit: {error}");
        }
    }

    /// Pays for one read, or says how long none can be.
    async fn pay_read(&self) -> Result<(), Duration> {
        let mut lot = self.lot.lock().await;
        let now = Instant::now();
        if lot.calls == 0 || lot.window_ends <= now {
            *lot = self.take(self.reads, self.budget.lot(), now).await?;
        }
        lot.calls = lot.calls.saturating_sub(1);
        Ok(())
    }

    /// Pays for one write, or says how long none can be. Writes are taken one by one: what they do
    /// not use would be lost to the reads.
    async fn pay_write(&self) -> Result<(), Duration> {
        let _not_closing = self.lot.lock().await;
        let one = NonZeroU32::MIN;
        self.take(Share::Write, one, Instant::now()).await?;
        Ok(())
    }

    /// Takes calls out of the budget, or says how long there are none.
    async fn take(&self, share: Share, calls: NonZeroU32, now: Instant) -> Result<Lot, Duration> {
        match self.ledger.spend(share, calls, self.budget).await {
            Ok(Spent::Granted { calls, window_left }) => Ok(Lot {
                calls,
                window_ends: now.checked_add(window_left).unwrap_or(now),
            }),
            Ok(Spent::Wait(wait)) => {
                debug!(
                    "the budget for {share:?} is used up for {} s",
                    wait.as_secs()
                );
                Err(wait)
            }
            Err(error) => {
                warn!("the provider is not called while the ledger cannot count calls: {error}");
                Err(LEDGER_PAUSE)
            }
        }
    }
}

#[async_trait]
impl Provider for Metered {
    fn account(&self) -> &Account {
        self.inner.account()
    }

    async fn initialize(
        &self,
        content: &Content,
        as_id: &ExternalId,
        send_by: SendBy,
    ) -> Result<Initialized, ProviderError> {
        self.write(self.inner.initialize(content, as_id, send_by))
            .await
    }

    async fn authorize(&self, permit: ReleasePermit) -> Result<(), ProviderError> {
        self.write(self.inner.authorize(permit)).await
    }

    /// A page after the first waits for its turn: a copy with more pages than a minute has calls
    /// would otherwise never be read whole.
    async fn retrieve(&self, query: &Query) -> Result<Option<RemotePage>, ProviderError> {
        loop {
            match self.read(self.inner.retrieve(query)).await {
                Err(ProviderError::NotSent(NotSent::OverBudget(wait))) if query.page > 0 => {
                    #[expect(clippy::disallowed_methods, reason = "the next minute is the point")]
                    sleep(wait).await;
                }
                // The window is closed now, so that the next turn waits.
                Err(ProviderError::NotSent(NotSent::RateLimited)) if query.page > 0 => {}
                answer => return answer,
            }
        }
    }

    async fn item(&self, reference: &ReferenceCode) -> Result<Option<RemoteItem>, ProviderError> {
        self.read(self.inner.item(reference)).await
    }

    async fn cancel(&self, request: &RequestId, send_by: SendBy) -> Result<(), ProviderError> {
        self.write(self.inner.cancel(request, send_by)).await
    }

    async fn balance(&self) -> Result<Decimal, ProviderError> {
        self.read(self.inner.balance()).await
    }
}
