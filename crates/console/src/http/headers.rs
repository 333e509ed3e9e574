//! What every answer carries, and what headers of a request say about where it comes from.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::{Kind, Problem};

/// No request takes longer, upload included.
pub(super) const TIME_LIMIT: Duration = Duration::from_mins(1);

const SECURE: [(HeaderName, &str); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; \
         base-uri 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
];

/// Puts the security headers on an answer, whichever it is.
pub(super) async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in SECURE {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Gives up on a request that takes too long. What the ledger was asked to do may still happen;
/// the same request again is harmless.
pub(super) async fn limit_time(
    State(limit): State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(Kind::Unavailable, "this took too long; try again").into_response(),
    }
}

/// Whether a form was sent from another site, or cannot be shown not to be.
///
/// Under our own `no-referrer` a browser's `Origin` is `null`, so `Sec-Fetch-Site` is asked first.
/// Browsers send it over TLS and to this machine; elsewhere forms are refused, and so tokens do
/// not cross a network in the clear.
pub(crate) fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(HOST.as_str()).unwrap_or_default();
    let is_ours = |origin: &str| {
        origin
            .split_once("://")
            .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
    };
    match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), None | Some("null")) => site != "same-origin",
        (site, Some(origin)) => !is_ours(origin) || site.is_some_and(|site| site != "same-origin"),
        (None, None) => false, // Not a browser: it has no cookie jar that others could use.
    }
}

/// Whether the browser and this process are on one machine, without a proxy that says otherwise.
pub(crate) fn is_loopback(headers: &HeaderMap) -> bool {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let is_proxied = headers
        .get("x-forwarded-proto")
        .is_some_and(|proto| proto == "https");
    !is_proxied && ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        pairs
            .chain([(HOST, HeaderValue::from_static("onay.example:8443"))])
            .collect()
    }

    #[test]
    fn a_form_of_another_site_is_foreign() {
        let ours = ("origin", "https://onay.example:8443");
        for (pairs, foreign) in [
            (&[][..], false),
            (&[ours], false),
            (&[ours, ("sec-fetch-site", "same-origin")], false),
            (
                &[("origin", "null"), ("sec-fetch-site", "same-origin")],
                false,
            ),
            (&[("origin", "null")], true),
            (&[("origin", "https://evil.example")], true),
            (&[("origin", "https://onay.example")], true),
            (
                &[
                    ("origin", "https://evil.example"),
                    ("sec-fetch-site", "same-origin"),
                ],
                true,
            ),
            (&[ours, ("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "cross-site")], true),
        ] {
            assert_eq!(is_foreign(&headers(pairs)), foreign, "{pairs:?}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (host, loopback) in [
            ("localhost:8080", true),
            ("127.0.0.1", true),
            ("[::1]:8080", true),
            ("[::1]", true),
            ("localhost.evil.example", false),
            ("10.0.0.1:8080", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            assert_eq!(is_loopback(&headers), loopback, "{host}");
            headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
            assert!(!is_loopback(&headers), "{host}");
        }
    }
}
