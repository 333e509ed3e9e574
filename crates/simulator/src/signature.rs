//! IYZWSv2, verified over the raw bytes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::{Credentials, Refusal};

/// Checks the `Authorization` header of a request for `path` (as sent, without the query) and `body`.
///
/// The signature is the lower-case hex of HMAC-SHA256 over random key, path and body. Source: iyzico's
/// page on HMAC SHA256 authentication and its SDKs, read 2026-11. That the query is left out is unverified
/// for mass payout.
pub(crate) fn verify(
    credentials: &Credentials,
    authorization: Option<&str>,
    path: &str,
    body: &[u8],
) -> Result<(), Refusal> {
    let token = authorization
        .and_then(|header| header.strip_prefix("IYZWSv2 "))
        .and_then(|token| STANDARD.decode(token).ok())
        .and_then(|token| String::from_utf8(token).ok())
        .ok_or(Refusal::NoAuthorization)?;
    let (api_key, random_key, signature) = split(&token).ok_or(Refusal::NoAuthorization)?;

    let known = credentials.api_key.expose_secret().as_bytes();
    if !bool::from(known.ct_eq(api_key.as_bytes())) {
        return Err(Refusal::UnknownKey);
    }
    let secret = credentials.secret_key.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| Refusal::WrongSignature)?;
    mac.update(random_key.as_bytes());
    mac.update(path.as_bytes());
    mac.update(body);
    let expected = hex::encode(mac.finalize().into_bytes());
    if bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) {
        Ok(())
    } else {
        Err(Refusal::WrongSignature)
    }
}

fn split(token: &str) -> Option<(&str, &str, &str)> {
    let (api_key, rest) = token.strip_prefix("apiKey:")?.split_once("&randomKey:")?;
    let (random_key, signature) = rest.split_once("&signature:")?;
    Some((api_key, random_key, signature))
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::verify;
    use crate::{Credentials, Refusal};

    const INIT_BODY: &str = r#"{"externalId":"m-1","conversationId":"c-1","items":[{"itemExternalId":"i-1","recipientType":"IBAN","recipientInfo":"TR920086402100005482986178","amount":{"value":100.50,"currency":"TRY"},"description":"Ödeme şğüıçİ","recipientName":"Ayşe Yılmaz"}]}"#;
    const AUTH_BODY: &str = r#"{"requestId":"79cdefc1-3ce6-4f51-bdd9-0c050274db64"}"#;
    const RETRIEVE_BODY: &str =
        r#"{"externalMassPayoutId":"massPayoutId-323","itemType":"VALID","page":0,"size":40}"#;
    const CANCEL: &str = "/v1/mass/payout/cancel/79cdefc1-3ce6-4f51-bdd9-0c050274db64";
    const OURS: [&str; 3] = ["sandbox-apiKey", "sandbox-secretKey", "123456789"];

    /// (api key, secret key, random key), path, body, signature. The first four are from the unit tests of
    /// iyzico's Node, Java and PHP clients; the others were computed with Python and openssl.
    const VECTORS: [([&str; 3], &str, &str, &str); 9] = [
        (
            ["api_key", "secret_key", "random_string"],
            "uri",
            r#""body""#,
            "017508921a29ee5601bcd1fbe83efd2e2be43af02eceff30cf2e91a539aab355",
        ),
        (
            ["apiKey", "secretKey", "random"],
            "/v2/uri",
            r#""[data\u003dvalue]""#,
            "a90ec1aecd68e37cc30942f85ce6b0d53435a4ca45e04769b46e3c35d81bf6fe",
        ),
        (
            ["test", "test", "123456789"],
            "/v2/subscription/customers/",
            "",
            "6f384099aae328f72daf9cdab105eb37fb29620251c47b4c583d748d9d0ab764",
        ),
        (
            ["apiKey", "secretKey", "rnd"],
            "/payment/test",
            r#"{"locale":"tr","conversationId":"123456"}"#,
            "d00baa4b6dc5930472e4d22a3c50fb07de50b0dfb8f5af5b9f73158d6b184ff6",
        ),
        (
            OURS,
            "/v1/mass/payout/init",
            INIT_BODY,
            "ec25557a47a09ee81b9f98c67e7564d6be68d8a9ca01b430f47743c7ee0b926c",
        ),
        (
            OURS,
            "/v1/mass/payout/auth",
            AUTH_BODY,
            "bf64e3e7806da57517eaf2acd4977006dc086ad990ab1704d1eb38a03bff3ce0",
        ),
        (
            OURS,
            "/v1/mass/payout/retrieve",
            RETRIEVE_BODY,
            "155876bf518ac1e91422d108d3bc60665826f60ed3d7d647f5ac2f6366eebdd4",
        ),
        (
            OURS,
            CANCEL,
            "",
            "bee1d57f834cb4a3812ddd04ba916b846c3b6e4c753a82cb7a0243bfe98cee76",
        ),
        (
            OURS,
            "/v1/mass/payout/balance",
            "",
            "8fa43cce9b84a18a865f2245597adac861b11eb4c6d25412142ac95f0523eda8",
        ),
    ];

    fn header([api_key, _, random_key]: [&str; 3], signature: &str) -> String {
        let token = format!("apiKey:{api_key}&randomKey:{random_key}&signature:{signature}");
        format!("IYZWSv2 {}", STANDARD.encode(token))
    }

    #[test]
    fn published_vectors_verify_and_other_bytes_do_not() {
        for (keys, path, body, signature) in VECTORS {
            let credentials = Credentials::new(keys[0], keys[1]);
            let header = header(keys, signature);
            let check =
                |path: &str, body: &str| verify(&credentials, Some(&header), path, body.as_bytes());
            assert_eq!(check(path, body), Ok(()), "{path}");
            assert_eq!(
                check(path, &format!("{body} ")),
                Err(Refusal::WrongSignature)
            );
            let with_query = format!("{path}?locale=tr");
            assert_eq!(check(&with_query, body), Err(Refusal::WrongSignature));
        }
    }

    #[test]
    fn each_wrong_header_has_the_providers_code() {
        let credentials = Credentials::new("sandbox-apiKey", "sandbox-secretKey");
        let (_, path, body, signature) = VECTORS[8];
        let good = header(OURS, signature);
        let token = good.trim_start_matches("IYZWSv2 ");
        let cases = [
            (None, "1009"),
            (Some(format!("IYZWS {token}")), "1009"),
            (Some("IYZWSv2 %%%".to_owned()), "1009"),
            (Some(header(["other", "", "123456789"], signature)), "1001"),
            (Some(header(OURS, &signature.to_uppercase())), "1000"),
            (Some(header(OURS, "")), "1000"),
        ];
        for (header, code) in cases {
            let answer = verify(&credentials, header.as_deref(), path, body.as_bytes());
            assert_eq!(answer.unwrap_err().code(), code, "{header:?}");
        }
    }
}
