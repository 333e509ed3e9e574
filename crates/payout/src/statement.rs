//! What a person signs when they decide on a batch.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::digest::{Canonical, Digest};
use crate::ids::{BatchId, PersonName, RequestId};

/// A decision as its maker signs it: everything that a forger could want to be otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    /// The batch.
    pub batch: &'a BatchId,
    /// What was seen of it.
    pub digest: Digest,
    /// The batch as the provider knows it.
    pub request_id: &'a RequestId,
    /// `approve`, `reject` or `undo`.
    pub verdict: &'a str,
    /// The person's own words, if there are any.
    pub text: Option<&'a str>,
    /// The reason, chosen from a list.
    pub reason_code: Option<&'a str>,
    /// Who decides.
    pub person: &'a PersonName,
    /// In whose place, if they stand in for somebody.
    pub on_behalf: Option<&'a PersonName>,
    /// The policy it is judged by.
    pub policy: Digest,
    /// Which of this person's decisions on this batch it is, from 1: none can be left out in the
    /// middle, doubled, moved or played again.
    pub revision: u32,
    /// When.
    pub at: DateTime<Utc>,
}

impl Statement<'_> {
    /// What is signed: one digest over all fields, in their order.
    pub fn digest(&self) -> Digest {
        let mut form = Canonical::new("onay decision 1");
        form.field(&self.batch.to_string());
        form.field(&self.digest.to_string());
        form.field(self.request_id.as_str());
        form.field(self.verdict);
        form.optional(self.text);
        form.optional(self.reason_code);
        form.field(self.person.as_str());
        form.optional(self.on_behalf.map(PersonName::as_str));
        form.field(&self.policy.to_string());
        form.field(&self.revision.to_string());
        form.field(&self.at.to_rfc3339_opts(SecondsFormat::Micros, true));
        form.finish()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::SigningKey;

    fn at() -> DateTime<Utc> {
        "2026-11-23T07:00:00.000001Z".parse().unwrap()
    }

    struct Scene {
        batch: BatchId,
        request_id: RequestId,
        person: PersonName,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                batch: BatchId::from_bytes([1; 16]),
                request_id: "r-1".parse().unwrap(),
                person: "mehmet".parse().unwrap(),
            }
        }

        fn statement<'a>(
            &'a self,
            text: Option<&'a str>,
            reason_code: Option<&'a str>,
        ) -> Statement<'a> {
            Statement {
                batch: &self.batch,
                digest: Digest::of(b"seen"),
                request_id: &self.request_id,
                verdict: "approve",
                text,
                reason_code,
                person: &self.person,
                on_behalf: None,
                policy: Digest::of(b"policy"),
                revision: 1,
                at: at(),
            }
        }
    }

    #[test]
    fn the_form_is_the_one_that_was_published() {
        let (scene, other) = (Scene::new(), "ali".parse().unwrap());
        let statement = Statement {
            digest: Digest::from_bytes([2; 32]),
            verdict: "reject",
            on_behalf: Some(&other),
            policy: Digest::from_bytes([3; 32]),
            revision: 12,
            ..scene.statement(Some("çift ödeme"), None)
        };
        let form = format!(
            "15:onay decision 134:b_{}64:{}3:r-16:reject12:çift ödeme-6:mehmet3:ali64:{}2:1227:2026-11-23T07:00:00.000001Z",
            "01".repeat(16),
            "02".repeat(32),
            "03".repeat(32),
        );
        assert_eq!(statement.digest(), Digest::of(form.as_bytes()));
    }

    #[test]
    fn every_field_of_a_statement_changes_what_is_signed() {
        let scene = Scene::new();
        let (other_batch, other_request) = (BatchId::new(Uuid::nil()), "r-2".parse().unwrap());
        let other_person = "zeynep".parse().unwrap();
        let edits: [&dyn Fn(&mut Statement<'_>); 12] = [
            &|changed| changed.digest = Digest::of(b"other"),
            &|changed| changed.verdict = "reject",
            &|changed| changed.text = None,
            &|changed| changed.text = Some("-"),
            &|changed| changed.text = Some(""),
            &|changed| changed.reason_code = Some("-"),
            &|changed| changed.reason_code = Some(""),
            &|changed| changed.policy = Digest::of(b"other"),
            &|changed| changed.revision = 2,
            &|changed| changed.at = at() + TimeDelta::microseconds(1),
            &|changed| std::mem::swap(&mut changed.text, &mut changed.reason_code),
            &|changed| std::mem::swap(&mut changed.digest, &mut changed.policy),
        ];
        let original = scene.statement(Some("good"), None);
        let mut others = vec![
            Statement {
                batch: &other_batch,
                ..original
            },
            Statement {
                request_id: &other_request,
                ..original
            },
            Statement {
                person: &other_person,
                ..original
            },
            Statement {
                on_behalf: Some(&other_person),
                ..original
            },
        ];
        for edit in edits {
            let mut changed = original;
            edit(&mut changed);
            others.push(changed);
        }
        let (key, signed) = (SigningKey::from_seed(&[7; 32]), original.digest());
        let signature = key.sign(signed);
        for other in &others {
            let fits = key.public_key().verify(other.digest(), &signature);
            assert!(fits.is_err(), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn words_never_move_from_one_field_into_another(
            text in proptest::option::of(".{0,12}"),
            reason_code in proptest::option::of("[a-z0-9:-]{0,12}"),
            other_text in proptest::option::of(".{0,12}"),
            other_code in proptest::option::of("[a-z0-9:-]{0,12}"),
        ) {
            let scene = Scene::new();
            let one = scene.statement(text.as_deref(), reason_code.as_deref());
            let two = scene.statement(other_text.as_deref(), other_code.as_deref());
            let is_same = (&text, &reason_code) == (&other_text, &other_code);
            prop_assert_eq!(one.digest() == two.digest(), is_same);
        }
    }
}
