//! What a client needs to know, and what it refuses to start with.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;

/// iyzico's live host. Source: "Mass Payout API" 1.0.1, read 2026-11-22.
pub const LIVE_URL: &str = "https://api.iyzipay.com";

/// iyzico's sandbox host. Its keys begin with `sandbox-`. Source: as [`LIVE_URL`].
pub const SANDBOX_URL: &str = "https://sandbox-api.iyzipay.com";

/// Longest time for name lookup, TCP and TLS together. Several times what a healthy path needs;
/// giving up here is cheap, because nothing was sent yet.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest time for a whole call, from connecting to the last byte of the answer. Giving up here
/// leaves a write in doubt, so it is long; but whoever recorded the intent to write waits for it,
/// so it is not the 140 s of iyzico's Java client.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Where and as whom to call iyzico. `Debug` shows no key.
#[derive(Debug, Clone)]
pub struct Settings {
    /// [`LIVE_URL`], [`SANDBOX_URL`], or a stand-in; a scheme and a host, without a path.
    pub base_url: String,
    /// The merchant's API key.
    pub api_key: SecretString,
    /// The merchant's secret key, with any `sandbox-` prefix.
    pub secret_key: SecretString,
    /// The language of iyzico's error messages.
    pub locale: Locale,
    /// How long to wait.
    pub timeouts: Timeouts,
}

/// How long to wait for iyzico. No call lasts longer than `call`, whatever happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection; see [`CONNECT_TIMEOUT`]. Longer than `call` it has no effect.
    pub connect: Duration,
    /// For a whole call, its connection included; see [`CALL_TIMEOUT`].
    pub call: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: CONNECT_TIMEOUT,
            call: CALL_TIMEOUT,
        }
    }
}

/// A language iyzico answers in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locale {
    /// Turkish.
    #[default]
    Tr,
    /// English.
    En,
}

impl Locale {
    /// iyzico's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tr => "tr",
            Self::En => "en",
        }
    }
}

impl FromStr for Locale {
    type Err = ClientError;

    fn from_str(word: &str) -> Result<Self, ClientError> {
        match word {
            "tr" => Ok(Self::Tr),
            "en" => Ok(Self::En),
            _ => Err(ClientError::Locale),
        }
    }
}

/// Why there is no client. Never names a key or the URL it was given.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not a plain `https://host`.
    #[error("the base URL must be a scheme and a host and nothing else, as {LIVE_URL}")]
    BaseUrl,
    /// Signatures and payees would travel in the clear.
    #[error("the base URL must be https; plain http is for this machine's own addresses only")]
    PlainHttp,
    /// An empty key, or one with a blank or a line break in it.
    #[error("the {0} is empty or contains white space")]
    Key(&'static str),
    /// Neither `tr` nor `en`.
    #[error("unknown locale; use tr or en")]
    Locale,
    /// Most likely the system has no root certificates.
    #[error("no HTTP client; check that root certificates are installed")]
    Http(#[source] reqwest::Error),
}

/// The base URL, when it is one that calls may be sent to.
pub(crate) fn base_url(text: &str) -> Result<Url, ClientError> {
    let url = Url::parse(text).map_err(|_| ClientError::BaseUrl)?;
    let host = url.host_str().ok_or(ClientError::BaseUrl)?;
    let has_more = url.path() != "/"
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some();
    match url.scheme() {
        "https" | "http" if has_more => Err(ClientError::BaseUrl),
        "http" if !is_loopback(host) => Err(ClientError::PlainHttp),
        "https" | "http" => Ok(url),
        _ => Err(ClientError::BaseUrl),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_this_machine_is_called() {
        for fine in [
            LIVE_URL,
            SANDBOX_URL,
            "https://api.iyzipay.com:8443/",
            "http://localhost:8080",
            "http://127.0.0.1:1",
            "http://[::1]:1",
        ] {
            assert!(base_url(fine).is_ok(), "{fine}");
        }
        for plain in [
            "http://api.iyzipay.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
        ] {
            assert!(
                matches!(base_url(plain), Err(ClientError::PlainHttp)),
                "{plain}"
            );
        }
        for odd in [
            "",
            "api.iyzipay.com",
            "ftp://localhost",
            "https://api.iyzipay.com/v1",
            "https://api.iyzipay.com/?locale=tr",
            "https://user:secret@api.iyzipay.com",
        ] {
            assert!(matches!(base_url(odd), Err(ClientError::BaseUrl)), "{odd}");
        }
    }
}
