//! The six calls over HTTP.
//!
//! Each call is one request on one connection: no redirects, no retries by status or protocol, no
//! proxy from the environment. (What the HTTP client does on its own is to take a fresh connection
//! when it finds a pooled one closed before the request was begun; nothing was sent then.)

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use onay_payout::provider::{
    Initialized, NotSent, Provider, ProviderError, Query, RemoteItem, RemotePage,
};
use onay_payout::{Account, Content, ExternalId, ReferenceCode, ReleasePermit, RequestId, SendBy};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request, Url};
use rust_decimal::Decimal;
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use crate::answer::{self, Reply};
use crate::failure::{in_doubt, transport, unbuildable};
use crate::gate::{gated, is_over};
use crate::request;
use crate::settings::{ClientError, Locale, Settings, Timeouts, base_url};
use crate::sign::{Signer, signed_path};

/// Largest answer that is read, in bytes. A page of a thousand items has less than 1 MiB.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How long an unused connection is kept. Shorter than servers commonly keep theirs (a minute and
/// more): a write that meets a connection just being closed is in doubt.
const IDLE_CONNECTION_KEPT: Duration = Duration::from_secs(15);

/// The random key of the signature, also as a header: two of iyzico's five client libraries send
/// it.
const RANDOM_KEY: HeaderName = HeaderName::from_static("x-iyzi-rnd");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A merchant's account at iyzico. Cheap to share, keeps its connections open between calls.
pub struct Client {
    http: reqwest::Client,
    base_url: Url,
    locale: Locale,
    signer: Signer,
    account: Account,
}

impl Client {
    /// A client for one merchant account. Reads the system's root certificates, calls nobody.
    ///
    /// TLS is rustls; unless the process already chose a provider of cryptography, ring becomes
    /// it for the whole process.
    ///
    /// # Errors
    /// [`ClientError`] says which setting cannot be used.
    pub fn new(settings: Settings) -> Result<Self, ClientError> {
        let base_url = base_url(&settings.base_url)?;
        let host = base_url.host_str().ok_or(ClientError::BaseUrl)?;
        let host = base_url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let account = Account::new(&host, settings.api_key.expose_secret());
        let signer = Signer::new(settings.api_key, &settings.secret_key)?;
        // An error means that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = http(settings.timeouts).build().map_err(ClientError::Http)?;
        Ok(Self {
            http,
            base_url,
            locale: settings.locale,
            signer,
            account,
        })
    }

    /// Authorize without its proof; private, so that only [`Provider::authorize`] reaches it.
    async fn start(&self, request: &RequestId, send_by: SendBy) -> Result<(), ProviderError> {
        let body = request::authorize(request).map_err(unbuildable)?;
        let reply = self.write("auth", body, send_by).await?;
        answer::done(&reply)
    }

    async fn get(&self, path: &str) -> Result<Reply, ProviderError> {
        let request = self.signed(Method::GET, path, Vec::new(), None)?;
        self.send(request).await
    }

    /// A call that changes something: it is begun until `send_by` or never, and ends no later
    /// than the timeout of a whole call after that.
    async fn write(
        &self,
        path: &str,
        body: Vec<u8>,
        send_by: SendBy,
    ) -> Result<Reply, ProviderError> {
        let request = self.signed(Method::POST, path, body, Some(send_by))?;
        // The body asks again at its first byte. Asked here, a late call spares a connection.
        if is_over(&send_by) {
            return Err(ProviderError::NotSent(NotSent::TooLate));
        }
        self.send(request).await
    }

    /// Sends one request and reads what comes back, whatever it is.
    async fn send(&self, request: Request) -> Result<Reply, ProviderError> {
        let mut response = self.http.execute(request).await.map_err(transport)?;
        let http_status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if body.len().saturating_add(chunk.len()) > ANSWER_BYTES_MAX {
                return Err(in_doubt("the answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { http_status, body })
    }

    /// The request with its signature over the very bytes it carries; not begun after `send_by`.
    fn signed(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        send_by: Option<SendBy>,
    ) -> Result<Request, ProviderError> {
        let path = format!("/v1/mass/payout/{path}");
        let mut url = self.base_url.clone();
        url.set_path(&path);
        if url.path() != path {
            // An id such as `..` would turn this into another call.
            return Err(unbuildable("an id does not fit into a path"));
        }
        url.set_query(Some(&format!("locale={}", self.locale.word())));
        let random_key = Uuid::new_v4().simple().to_string();
        let authorization = self
            .signer
            .authorization(&random_key, signed_path(&url), &body);
        let mut authorization = HeaderValue::try_from(authorization).map_err(unbuildable)?;
        authorization.set_sensitive(true);
        let body = match send_by {
            Some(send_by) => gated(body, send_by),
            None => body.into(),
        };
        self.http
            .request(method, url)
            .header(AUTHORIZATION, authorization)
            .header(RANDOM_KEY, random_key)
            .body(body)
            .build()
            .map_err(transport)
    }
}

#[async_trait]
impl Provider for Client {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn initialize(
        &self,
        content: &Content,
        as_id: &ExternalId,
        send_by: SendBy,
    ) -> Result<Initialized, ProviderError> {
        let body = request::initialize(content, as_id).map_err(unbuildable)?;
        let reply = self.write("init", body, send_by).await?;
        answer::initialized(&reply)
    }

    async fn authorize(&self, permit: ReleasePermit) -> Result<(), ProviderError> {
        self.start(permit.request_id(), permit.send_by()).await
    }

    async fn retrieve(&self, query: &Query) -> Result<Option<RemotePage>, ProviderError> {
        let body = request::retrieve(query).map_err(unbuildable)?;
        let request = self.signed(Method::POST, "retrieve", body, None)?;
        let reply = self.send(request).await?;
        answer::page(&reply)
    }

    async fn item(&self, reference: &ReferenceCode) -> Result<Option<RemoteItem>, ProviderError> {
        let reply = self.get(&format!("retrieve/items/{reference}")).await?;
        answer::item(&reply)
    }

    async fn cancel(&self, request: &RequestId, send_by: SendBy) -> Result<(), ProviderError> {
        let path = format!("cancel/{request}");
        let reply = self.write(&path, Vec::new(), send_by).await?;
        answer::done(&reply)
    }

    async fn balance(&self) -> Result<Decimal, ProviderError> {
        let reply = self.get("balance").await?;
        answer::balance(&reply)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// HTTP/1 only: it is what `gate` relies on.
fn http(timeouts: Timeouts) -> reqwest::ClientBuilder {
    let http = reqwest::Client::builder()
        .user_agent(concat!("onay/", env!("CARGO_PKG_VERSION")))
        .default_headers(HeaderMap::from_iter([(ACCEPT, JSON), (CONTENT_TYPE, JSON)]))
        .connect_timeout(timeouts.connect)
        .timeout(timeouts.call)
        .pool_idle_timeout(IDLE_CONNECTION_KEPT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .no_proxy();
    // The system, too, gives up on a write that it could not deliver in that time.
    #[cfg(target_os = "linux")]
    let http = http.tcp_user_timeout(timeouts.call);
    http
}

#[cfg(test)]
mod tests;
