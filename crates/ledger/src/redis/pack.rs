//! Records as they are kept: compressed, with a dictionary of the words every record repeats.
//!
//! A packed record is a frame of Zstandard, whose first four bytes, the same in every frame, are
//! replaced by one that names the dictionary. A dictionary that was released is never changed; a better
//! one comes as the next number.

use std::cell::RefCell;
use std::sync::LazyLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe;

use crate::error::LedgerError;

/// The dictionary of format 1, trained on heads, contents, outcomes and journal entries.
const DICTIONARY: &[u8] = include_bytes!("dictionary-1.zdict");

/// What names it.
const FORMAT: u8 = 1;

/// How every frame begins (RFC 8878, section 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// The lowest that is worth it: the dictionary does most.
const LEVEL: i32 = 1;

/// More than any record needs; a frame that claims more was not written by us.
const RECORD_MAX: u64 = 1 << 28;

static TO_WRITE: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static TO_READ: LazyLock<DecoderDictionary<'static>> =
    LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Packs a record.
pub(super) fn pack(record: &str) -> Result<Vec<u8>, LedgerError> {
    let frame = COMPRESSOR.with_borrow_mut(|kept| {
        let mut compressor = match kept.take() {
            Some(compressor) => compressor,
            None => Compressor::with_prepared_dictionary(&TO_WRITE)?,
        };
        compressor.include_dictid(false)?;
        let frame = compressor.compress(record.as_bytes());
        *kept = Some(compressor);
        frame
    });
    let frame = frame
        .map_err(|error| LedgerError::Unavailable(format!("a record cannot be packed: {error}")))?;
    let frame = frame.strip_prefix(&MAGIC).ok_or_else(|| {
        LedgerError::Unavailable("a record cannot be packed: no frame".to_owned())
    })?;
    Ok([&[FORMAT], frame].concat())
}

/// Unpacks a record.
pub(super) fn unpack(packed: &[u8]) -> Result<String, LedgerError> {
    let corrupt = |what: &str| LedgerError::Corrupt(format!("a packed record: {what}"));
    let frame = match packed.split_first() {
        Some((&FORMAT, frame)) => [&MAGIC, frame].concat(),
        Some(_) => return Err(corrupt("written by a newer version of onay")),
        None => return Err(corrupt("empty")),
    };
    let size = zstd_safe::get_frame_content_size(&frame)
        .ok()
        .flatten()
        .filter(|size| *size <= RECORD_MAX)
        .and_then(|size| usize::try_from(size).ok())
        .ok_or_else(|| corrupt("no size"))?;
    let record = DECOMPRESSOR.with_borrow_mut(|kept| {
        let mut decompressor = match kept.take() {
            Some(decompressor) => decompressor,
            None => Decompressor::with_prepared_dictionary(&TO_READ)?,
        };
        let record = decompressor.decompress(&frame, size);
        *kept = Some(decompressor);
        record
    });
    let record = record.map_err(|_| corrupt("damaged"))?;
    String::from_utf8(record).map_err(|_| corrupt("no text"))
}

#[cfg(test)]
mod tests {
    use onay_payout::Digest;

    use super::*;

    /// What version 1 wrote for the record below.
    const PACKED: &[u8] = &[
        1, 32, 104, 229, 0, 0, 32, 112, 97, 93, 125, 7, 252, 134, 12, 151, 44, 201, 140, 179, 66,
        101, 8, 190, 65, 174, 178, 72, 253, 100, 192, 16, 46, 1,
    ];
    const RECORD: &str = r#"{"v":1,"external_id":"payday","conversation_id":"payday","purpose":"SALARY","currency":"TRY","items":[]}"#;

    #[test]
    fn what_was_packed_by_any_version_is_read_for_ever() {
        assert_eq!(unpack(PACKED).unwrap(), RECORD);
    }

    #[test]
    fn the_dictionary_that_was_released_never_changes() {
        let digest = Digest::of(DICTIONARY).to_string();
        assert_eq!(
            digest,
            "ba5a01e68a31d747930add22cb57c86146487bf29acea689e58a602c23509ffb"
        );
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        for record in ["", "{}", RECORD, &"ödeme ".repeat(100_000)] {
            assert_eq!(unpack(&pack(record).unwrap()).unwrap(), record);
        }
    }

    #[test]
    fn what_was_not_packed_by_us_is_corrupt() {
        let mut cut = pack(RECORD).unwrap();
        cut.pop();
        for bytes in [&[][..], &[9, 1, 2, 3], &[FORMAT, 1, 2, 3], &cut] {
            let refused = unpack(bytes);
            assert!(
                matches!(refused, Err(LedgerError::Corrupt(_))),
                "{bytes:?}: {refused:?}"
            );
        }
    }
}
