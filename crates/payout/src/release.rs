//! The proof without which no money moves.

use crate::digest::Digest;
use crate::ids::RequestId;
use crate::send_by::SendBy;

/// Leave to authorize one request id, once, until a moment.
///
/// Its fields are private and only [`crate::Batch::release_permit`] makes one: from a batch whose
/// recorded decisions satisfy the policy for exactly this digest, after the intent is recorded.
/// It cannot be copied; authorize consumes it.
#[derive(Debug)]
pub struct ReleasePermit {
    request_id: RequestId,
    digest: Digest,
    send_by: SendBy,
}

impl ReleasePermit {
    pub(crate) const fn new(request_id: RequestId, digest: Digest, send_by: SendBy) -> Self {
        Self {
            request_id,
            digest,
            send_by,
        }
    }

    /// What may be authorized.
    pub const fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// The digest people approved.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The moment after which it may no longer be sent.
    pub const fn send_by(&self) -> SendBy {
        self.send_by
    }
}
