//! A key file: PKCS#8 as PEM (RFC 5958, RFC 7468), encrypted with a passphrase (PBES2, RFC 8018).
//! `openssl pkey -in FILE` reads what is written here, and the other way round.
//!
//! A line before the block says the public key, so that nobody needs the passphrase to see it.

use onay_payout::{PersonName, PublicKey, SigningKey};
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, Salt, ScryptParams};
use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, LineEnding, ObjectIdentifier,
    PrivateKeyInfoRef, SecretDocument, pkcs5,
};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// Ed25519 (RFC 8410).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// How the secret bytes stand in the block: an octet string of 32.
const HEADER: [u8; 2] = [0x04, 32];

const BEGIN: &str = "-----BEGIN ";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
const BARE: &str = "PRIVATE KEY";

/// Why a key file was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotOpened {
    /// Something else.
    #[error("it is not a key file")]
    NotAKey,
    /// Whoever has the file has the key.
    #[error(
        "its key is not encrypted; encrypt it with: openssl pkcs8 -topk8 -scrypt -in FILE -out NEW"
    )]
    Bare,
    /// By some other means.
    #[error("it is encrypted in a way that is not known here; use: openssl pkcs8 -topk8 -scrypt")]
    Scheme,
    /// A wrong passphrase, or a damaged file.
    #[error("the passphrase is wrong, or the file is damaged")]
    Passphrase,
    /// RSA and the like.
    #[error("its key is not an Ed25519 key; `onay key new` makes one")]
    Kind,
    /// Somebody edited the first line.
    #[error("it says another public key than the one it holds")]
    OtherKey,
}

/// The text of a new key file. Its random bytes are used for nothing else.
pub(crate) fn seal(
    name: &PersonName,
    seed: &[u8; 32],
    passphrase: &SecretString,
    random: [[u8; 16]; 2],
) -> Result<String, pkcs8::Error> {
    let [salt, iv] = random;
    let parameters = Parameters {
        // As much memory as OpenSSL takes unasked, but five times over.
        kdf: Kdf::Scrypt(ScryptParams {
            salt: Salt::new(salt)?,
            cost_parameter: 1 << 14,
            block_size: 8,
            parallelization: 5,
            key_length: None,
        }),
        encryption: EncryptionScheme::Aes256Cbc { iv },
    };
    let secret = Zeroizing::new([&HEADER[..], seed].concat());
    let algorithm = AlgorithmIdentifierRef {
        oid: ED25519,
        parameters: None,
    };
    let info = PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&secret)?);
    let sealed = info.encrypt_with_params(parameters, passphrase.expose_secret())?;
    let block = sealed.to_pem(ENCRYPTED, LineEnding::LF)?;
    let public = SigningKey::from_seed(seed).public_key();
    Ok(format!("Onay key of {name}: {public}\n{}", *block))
}

/// A key file that was read and not opened.
pub(crate) struct Sealed {
    document: SecretDocument,
    told: Option<PublicKey>,
}

impl Sealed {
    /// Reads a key file.
    pub(crate) fn read(text: &str) -> Result<Self, NotOpened> {
        let (label, document) = SecretDocument::from_pem(text).map_err(|_| NotOpened::NotAKey)?;
        match label {
            ENCRYPTED => {}
            BARE => return Err(NotOpened::Bare),
            _ => return Err(NotOpened::NotAKey),
        }
        let before = text.split(BEGIN).next().unwrap_or_default();
        let told = before.split_whitespace().find_map(|word| word.parse().ok());
        Ok(Self { document, told })
    }

    /// The public key as the file says it, if it does. Nothing proves it before it is opened.
    pub(crate) const fn told(&self) -> Option<PublicKey> {
        self.told
    }

    /// The key.
    pub(crate) fn open(&self, passphrase: &SecretString) -> Result<SigningKey, NotOpened> {
        let sealed = EncryptedPrivateKeyInfoRef::try_from(self.document.as_bytes());
        let sealed = sealed.map_err(|_| NotOpened::Scheme)?;
        let opened = sealed.decrypt(passphrase.expose_secret());
        let opened = opened.map_err(|error| {
            let is_other_scheme = matches!(
                error,
                pkcs8::Error::EncryptedPrivateKey(
                    pkcs5::Error::UnsupportedAlgorithm { .. }
                        | pkcs5::Error::NoPbes1CryptSupport
                        | pkcs5::Error::AlgorithmParametersInvalid { .. },
                )
            );
            if is_other_scheme {
                NotOpened::Scheme
            } else {
                NotOpened::Passphrase
            }
        })?;
        // A wrong passphrase may leave bytes that only look decrypted.
        let info = PrivateKeyInfoRef::try_from(opened.as_bytes());
        let info = info.map_err(|_| NotOpened::Passphrase)?;
        let seed = info.private_key.as_bytes().strip_prefix(&HEADER);
        let seed = seed.and_then(|seed| <[u8; 32]>::try_from(seed).ok());
        let seed = seed.filter(|_| info.algorithm.oid == ED25519);
        let key = SigningKey::from_seed(&Zeroizing::new(seed.ok_or(NotOpened::Kind)?));
        match self.told {
            Some(told) if told != key.public_key() => Err(NotOpened::OtherKey),
            Some(_) | None => Ok(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    fn opened(text: &str, with: &str) -> Result<PublicKey, NotOpened> {
        let sealed = Sealed::read(text)?;
        Ok(sealed.open(&passphrase(with))?.public_key())
    }

    #[test]
    fn a_key_file_is_opened_by_its_passphrase_alone() {
        let (name, public) = (
            "mehmet".parse().unwrap(),
            SigningKey::from_seed(&[7; 32]).public_key(),
        );
        let text = seal(
            &name,
            &[7; 32],
            &passphrase("correct horse"),
            [[8; 16], [9; 16]],
        )
        .unwrap();
        assert_eq!(Sealed::read(&text).unwrap().told(), Some(public));
        assert_eq!(opened(&text, "correct horse"), Ok(public));
        assert_eq!(opened(&text, "correct hors"), Err(NotOpened::Passphrase));
        let other = SigningKey::from_seed(&[8; 32]).public_key().to_string();
        let edited = text.replace(&public.to_string(), &other);
        assert_eq!(opened(&edited, "correct horse"), Err(NotOpened::OtherKey));
        let (_, block) = text.split_once('\n').unwrap();
        assert_eq!(opened(block, "correct horse"), Ok(public), "no first line");
    }

    #[test]
    fn what_openssl_seals_is_opened() {
        // openssl pkcs8 -topk8 -scrypt; openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256
        let files = [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n\
             MIGTME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAhekMRN5bUVVAICQAAC\n\
             AQgCAQEwHQYJYIZIAWUDBAEqBBDiXw9AP+ys7vtFDhJIHqpmBEBOuZJpk2c+40J0\n\
             pSYA7wye2/XZe0Eu2NGQZX2Zc69Q30LS9GaAVQzbVkWcTxiuL3mmuyjMOG5UXddu\n\
             AU460+aa\n\
             -----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n\
             MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhgh3OHeUqTcQICCAAw\n\
             DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJznYVB1wcDP+kE0lvdV634EQJuA\n\
             9YG3/ysh2/XCq+zmNMT/ZFDmpZr2lvTkpU2gKksOd92ljm7HKDZYu0iwft5jTEgJ\n\
             zfG1gVJaT0wBeO9KlBY=\n\
             -----END ENCRYPTED PRIVATE KEY-----\n",
        ];
        let public = SigningKey::from_seed(&[7; 32]).public_key();
        for file in files {
            assert_eq!(opened(file, "correct horse"), Ok(public));
            assert_eq!(opened(file, "wrong"), Err(NotOpened::Passphrase));
        }
    }

    #[test]
    fn what_is_no_encrypted_key_is_refused_for_what_it_is() {
        let bare = "-----BEGIN PRIVATE KEY-----\n\
                    MC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n\
                    -----END PRIVATE KEY-----\n";
        assert_eq!(opened(bare, ""), Err(NotOpened::Bare));
        assert_eq!(opened("", ""), Err(NotOpened::NotAKey));
        let other = bare.replace("PRIVATE", "PUBLIC");
        assert_eq!(opened(&other, ""), Err(NotOpened::NotAKey));
        let odd = bare.replace("PRIVATE", "ENCRYPTED PRIVATE");
        assert_eq!(opened(&odd, ""), Err(NotOpened::Scheme));
    }
}
