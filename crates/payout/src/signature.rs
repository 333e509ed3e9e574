//! Keys of people (Ed25519, RFC 8032): what is signed is always one [`Digest`].
//!
//! A token proves who somebody is to a process that can read the policy. A signature proves it to
//! everybody, also later, and nobody who can write the ledger can make one.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, VerifyingKey};

use crate::digest::Digest;

/// How a public key begins as text.
const KIND: &str = "ed25519:";

/// A person's public key: `ed25519:` and the base64 of its 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(VerifyingKey);

/// Why a text is not a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Another form.
    #[error("not a public key; it is written `ed25519:` and 44 characters of base64")]
    Form,
    /// Bytes that are no key, or one that fits signatures of anybody.
    #[error("not a key that anybody should use; make a new one")]
    Weak,
}

impl PublicKey {
    /// The key of these bytes. Refused are those that are no point, a point of small order, and
    /// any other way of writing a point than the one of RFC 8032.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Weak)?;
        let is_canonical = key.to_edwards().compress().to_bytes() == *bytes;
        if key.is_weak() || !is_canonical {
            return Err(KeyError::Weak);
        }
        Ok(Self(key))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Twelve digits to tell keys apart by: the start of the SHA-256 of its bytes.
    pub fn fingerprint(&self) -> String {
        Digest::of(self.as_bytes()).code()
    }

    /// Whether the owner of this key signed exactly this.
    pub fn verify(&self, signed: Digest, signature: &Signature) -> Result<(), BadSignature> {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0
            .verify_strict(signed.as_bytes(), &signature)
            .map_err(|_| BadSignature)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{KIND}{}", STANDARD.encode(self.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.strip_prefix(KIND).ok_or(KeyError::Form)?;
        Self::from_bytes(&bytes(text).ok_or(KeyError::Form)?)
    }
}

/// What a key made of a digest. As text the base64 of its 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature([u8; 64]);

/// The text is no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a signature; it is written as 88 characters of base64")]
pub struct NotASignature;

/// Somebody else signed, or something else was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit the key and what was signed")]
pub struct BadSignature;

impl Signature {
    /// The signature of these bytes, good or bad.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl FromStr for Signature {
    type Err = NotASignature;

    fn from_str(text: &str) -> Result<Self, NotASignature> {
        bytes(text).map(Self).ok_or(NotASignature)
    }
}

/// The bytes of a text in base64, if there are as many.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// The secret half of a key. It is wiped from memory when it is dropped.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of 32 random bytes, which are the secret.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// What others check its signatures with.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs. The same key makes the same signature of the same digest.
    pub fn sign(&self, digest: Digest) -> Signature {
        Signature(self.0.sign(digest.as_bytes()).to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public_key().fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        let mut bytes = [0; N];
        hex::decode_to_slice(text, &mut bytes).unwrap();
        bytes
    }

    fn written(bytes: &[u8]) -> Result<PublicKey, KeyError> {
        format!("{KIND}{}", STANDARD.encode(bytes)).parse()
    }

    #[test]
    fn the_vectors_of_rfc_8032_hold() {
        // Section 7.1, tests 1 and 2. Ours sign 32 bytes; these sign none and one.
        let vectors: [(_, _, &[u8], _); 2] = [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                b"",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                b"\x72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ];
        for (seed, public, message, signature) in vectors {
            let key = SigningKey::from_seed(&hex(seed));
            assert_eq!(key.public_key().as_bytes(), &hex(public));
            assert_eq!(key.0.sign(message).to_bytes(), hex::<64>(signature));
        }
    }

    #[test]
    fn a_known_key_makes_the_known_signature_of_a_digest() {
        // Made by another implementation.
        let key = SigningKey::from_seed(&[7; 32]);
        let text = "ed25519:6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=";
        assert_eq!(key.public_key().to_string(), text);
        assert_eq!(
            format!("{:?} {key:?}", key.public_key()),
            "PublicKey(fe812c12f3ab) SigningKey(fe812c12f3ab)"
        );
        assert_eq!(
            key.sign(Digest::of(b"onay")).to_string(),
            "XNCvnYBOVTm0p3fQL+u8qqq/ar3sWmMZTd/aEh9wP6Uu+3PhplO1bw1zdWGTl6z2142nPoEKwUaZ5d28v6aCDw=="
        );
    }

    #[test]
    fn a_text_that_is_no_key_is_refused() {
        let good = SigningKey::from_seed(&[7; 32]).public_key().to_string();
        let bare = good.trim_start_matches(KIND);
        for text in ["", KIND, bare, &good[..20], &format!("{good}=")] {
            assert_eq!(text.parse::<PublicKey>(), Err(KeyError::Form), "{text}");
        }
        // No point; the points of order 1, 2, 4 and 8; y written as y + p.
        let mut off_curve = [0; 32];
        off_curve[0] = 2;
        let mut above = [0xff; 32];
        (above[0], above[31]) = (0xf0, 0x7f);
        let weak = [
            off_curve,
            above,
            [0; 32],
            hex("0100000000000000000000000000000000000000000000000000000000000000"),
            hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
            hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        ];
        for bytes in weak {
            assert_eq!(written(&bytes), Err(KeyError::Weak), "{bytes:?}");
        }
    }

    #[test]
    fn a_signature_of_anothers_making_over_anything_is_refused() {
        // With a weak key or a bare `s` above the order, one signature would fit many texts.
        let key = SigningKey::from_seed(&[7; 32]);
        let digest = Digest::of(b"onay");
        let mut bytes = *key.sign(digest).as_bytes();
        let order: [u8; 32] =
            hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut carry = 0_u16;
        for (byte, add) in bytes[32..].iter_mut().zip(order) {
            carry += u16::from(*byte) + u16::from(add);
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        let other = Signature::from_bytes(bytes);
        assert_eq!(key.public_key().verify(digest, &other), Err(BadSignature));
        let nothing = Signature::from_bytes([0; 64]);
        assert_eq!(key.public_key().verify(digest, &nothing), Err(BadSignature));
    }

    proptest! {
        #[test]
        fn only_the_key_that_signed_fits_and_only_what_was_signed(
            seed: [u8; 32],
            other: [u8; 32],
            signed: [u8; 32],
            bit in 0_usize..512,
        ) {
            let key = SigningKey::from_seed(&seed);
            let (public, digest) = (key.public_key(), Digest::from_bytes(signed));
            let signature = key.sign(digest);
            prop_assert_eq!(public.verify(digest, &signature), Ok(()));
            prop_assert_eq!(public.to_string().parse(), Ok(public));
            prop_assert_eq!(signature.to_string().parse(), Ok(signature));
            let mut changed = *signature.as_bytes();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = Signature::from_bytes(changed);
            prop_assert_eq!(public.verify(digest, &changed), Err(BadSignature));
            let mut changed = signed;
            changed[bit / 16] ^= 1 << (bit % 8);
            prop_assert_eq!(public.verify(Digest::from_bytes(changed), &signature), Err(BadSignature));
            prop_assume!(seed != other);
            let other = SigningKey::from_seed(&other).public_key();
            prop_assert_eq!(other.verify(digest, &signature), Err(BadSignature));
        }
    }
}
