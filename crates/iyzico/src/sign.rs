//! The `IYZWSv2` signature.
//!
//! Source: iyzico "HMACSHA256 Authentication" and the signing code of its published client
//! libraries, read 2026-11-22.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::settings::ClientError;

/// Signs requests with one pair of keys.
pub(crate) struct Signer {
    api_key: SecretString,
    /// Already keyed with the secret key, which is not kept.
    mac: Hmac<Sha256>,
}

impl Signer {
    pub(crate) fn new(
        api_key: SecretString,
        secret_key: &SecretString,
    ) -> Result<Self, ClientError> {
        for (name, key) in [("API key", &api_key), ("secret key", secret_key)] {
            let key = key.expose_secret();
            if key.is_empty() || key.contains(char::is_whitespace) {
                return Err(ClientError::Key(name));
            }
        }
        let mac = Hmac::new_from_slice(secret_key.expose_secret().as_bytes())
            .map_err(|_| ClientError::Key("secret key"))?;
        Ok(Self { api_key, mac })
    }

    /// The `Authorization` header for exactly these bytes (none for a request without a body).
    pub(crate) fn authorization(&self, random_key: &str, path: &str, body: &[u8]) -> String {
        let signature = self.signature(random_key, path, body);
        let api_key = self.api_key.expose_secret();
        let token = format!("apiKey:{api_key}&randomKey:{random_key}&signature:{signature}");
        format!("IYZWSv2 {}", STANDARD.encode(token))
    }

    pub(crate) fn signature(&self, random_key: &str, path: &str, body: &[u8]) -> String {
        let mac = self
            .mac
            .clone()
            .chain_update(random_key)
            .chain_update(path)
            .chain_update(body);
        hex::encode(mac.finalize().into_bytes())
    }
}

/// The part of a URL that is signed: its path **without the query**.
///
/// iyzico's page says so and three of its five client libraries cut at `?`; nothing published
/// shows it for the mass payout addresses themselves. Should it prove wrong, change it here only.
pub(crate) fn signed_path(url: &Url) -> &str {
    url.path()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(api_key: &str, secret_key: &str) -> Signer {
        Signer::new(api_key.into(), &secret_key.into()).unwrap()
    }

    /// Vectors from the unit tests of iyzico's own client libraries.
    #[test]
    fn signatures_match_iyzicos_own_clients() {
        let table: [(_, _, _, _, &[u8], _); 4] = [
            (
                ("api_key", "secret_key"),
                "iyzipay-node",
                "random_string",
                "uri",
                b"\"body\"",
                "017508921a29ee5601bcd1fbe83efd2e2be43af02eceff30cf2e91a539aab355",
            ),
            (
                ("apiKey", "secretKey"),
                "iyzipay-java",
                "random",
                "/v2/uri",
                br#""[data\u003dvalue]""#,
                "a90ec1aecd68e37cc30942f85ce6b0d53435a4ca45e04769b46e3c35d81bf6fe",
            ),
            (
                ("test", "test"),
                "iyzipay-php, generator",
                "123456789",
                "/v2/subscription/customers/",
                b"",
                "6f384099aae328f72daf9cdab105eb37fb29620251c47b4c583d748d9d0ab764",
            ),
            (
                ("apiKey", "secretKey"),
                "iyzipay-php, resource",
                "rnd",
                "/payment/test",
                br#"{"locale":"tr","conversationId":"123456"}"#,
                "d00baa4b6dc5930472e4d22a3c50fb07de50b0dfb8f5af5b9f73158d6b184ff6",
            ),
        ];
        for ((api_key, secret_key), origin, random_key, path, body, expected) in table {
            let signature = signer(api_key, secret_key).signature(random_key, path, body);
            assert_eq!(signature, expected, "{origin}");
        }
        assert_eq!(
            signer("api_key", "secret_key").authorization("random_string", "uri", b"\"body\""),
            "IYZWSv2 YXBpS2V5OmFwaV9rZXkmcmFuZG9tS2V5OnJhbmRvbV9zdHJpbmcmc2lnbmF0dXJlOjAxNzUwODky\
             MWEyOWVlNTYwMWJjZDFmYmU4M2VmZDJlMmJlNDNhZjAyZWNlZmYzMGNmMmU5MWE1MzlhYWIzNTU="
        );
    }

    /// Computed with Python, cross-checked with openssl. The three requests with a body are
    /// checked in `request`, together with the bytes of that body.
    #[test]
    fn signatures_of_payout_calls_without_a_body_match() {
        let signer = signer("sandbox-apiKey", "sandbox-secretKey");
        assert_eq!(
            signer.signature(
                "123456789",
                "/v1/mass/payout/cancel/79cdefc1-3ce6-4f51-bdd9-0c050274db64",
                b"",
            ),
            "bee1d57f834cb4a3812ddd04ba916b846c3b6e4c753a82cb7a0243bfe98cee76"
        );
        assert_eq!(
            signer.authorization("123456789", "/v1/mass/payout/balance", b""),
            "IYZWSv2 YXBpS2V5OnNhbmRib3gtYXBpS2V5JnJhbmRvbUtleToxMjM0NTY3ODkmc2lnbmF0dXJlOjhmYTQz\
             Y2NlOWI4NGExOGE4NjVmMjI0NTU5N2FkYWM4NjFiMTFlYjRjNmQyNTQxMjE0MmFjOTVmMDUyM2VkYTg="
        );
    }

    #[test]
    fn the_query_is_not_signed() {
        let url = Url::parse("https://api.iyzipay.com/v2/subscription/customers/?page=1").unwrap();
        assert_eq!(signed_path(&url), "/v2/subscription/customers/");
    }

    #[test]
    fn a_key_with_a_line_break_is_caught_before_the_first_call() {
        for (api_key, secret_key, which) in [
            ("", "s", "API key"),
            ("a", "s\n", "secret key"),
            ("a b", "s", "API key"),
        ] {
            match Signer::new(api_key.into(), &secret_key.into()) {
                Err(ClientError::Key(name)) => assert_eq!(name, which),
                Err(other) => panic!("{other}"),
                Ok(_) => panic!("accepted"),
            }
        }
    }
}
