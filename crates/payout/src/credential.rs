//! Tokens: how a person proves who they are, and what the policy file keeps of it.
//!
//! A token reads `onay_<name>_<48 hexadecimal digits>`. It carries its owner's name, so that one
//! hash is computed per attempt however many people there are. The policy file keeps only an
//! argon2id hash.

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};

use crate::ids::PersonName;

/// The argon2id hash of a token, in the PHC string format.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHash(String);

impl TokenHash {
    /// A hash as the policy file writes it, with or without the leading `$`.
    pub fn new(text: &str) -> Option<Self> {
        let phc = format!("${}", text.trim_start_matches('$'));
        let has_salt_and_hash = phc.matches('$').count() >= 5;
        (phc.starts_with("$argon2id$") && has_salt_and_hash).then_some(Self(phc))
    }

    /// The text for the policy file.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `token` is the one that was hashed. Takes a hash's time, whatever the answer.
    pub fn verify(&self, token: &SecretString) -> bool {
        Argon2::default()
            .verify_password(token.expose_secret().as_bytes(), self.0.as_str())
            .is_ok()
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A fresh token and its hash, from 40 random bytes: 24 for the secret, 16 for the salt.
///
/// # Errors
/// When the hash cannot be computed (out of memory).
pub fn issue_token(
    name: &PersonName,
    random: &[u8; 40],
) -> Result<(SecretString, TokenHash), IssueError> {
    let (secret, salt) = random.split_at(24);
    let token = format!("onay_{name}_{}", hex::encode(secret));
    let hash = Argon2::default()
        .hash_password_with_salt(token.as_bytes(), salt)
        .map_err(|error| IssueError(error.to_string()))?;
    Ok((SecretString::from(token), TokenHash(hash.to_string())))
}

/// A token could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be hashed: {0}")]
pub struct IssueError(String);

/// The name a token claims to belong to.
pub(crate) fn claimed_name(token: &SecretString) -> Option<PersonName> {
    let rest = token.expose_secret().strip_prefix("onay_")?;
    let (name, _) = rest.rsplit_once('_')?;
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_issued_token_is_accepted() {
        let name: PersonName = "mehmet_k".parse().unwrap();
        let (token, hash) = issue_token(&name, &[7; 40]).unwrap();
        assert_eq!(claimed_name(&token), Some(name.clone()));
        assert!(hash.verify(&token));
        let (other, _) = issue_token(&name, &[8; 40]).unwrap();
        assert!(!hash.verify(&other));
        let reread = TokenHash::new(hash.as_str().trim_start_matches('$')).unwrap();
        assert!(reread.verify(&token));
        assert_eq!(format!("{hash:?}"), "TokenHash(…)");
    }

    #[test]
    fn a_text_that_is_no_argon2id_hash_is_refused() {
        for text in ["", "secret", "$argon2i$v=19$m=1$a$b", "argon2id$v=19"] {
            assert_eq!(TokenHash::new(text), None, "{text}");
        }
    }
}
