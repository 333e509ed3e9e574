//! A request body that lets no byte of its request out once its deadline has passed.
//!
//! Name lookup, TCP and TLS come between a check in our own code and the first byte, and a process
//! or a whole machine may be stopped anywhere between. hyper puts the head of a request into its
//! buffer, asks the body for its first piece, and only then writes to the connection; when the
//! body fails, hyper drops the connection without writing (hyper 1.12, `proto/h1/dispatch.rs`,
//! `poll_loop`). So the body is the last to be asked, on a fresh connection as on a kept one.
//!
//! A body of length 0 is not asked at all. Therefore a late body does not tell its length: hyper
//! prepares for pieces, and asks. `client/tests/late.rs` holds all of this to real sockets.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use chrono::Utc;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use onay_payout::SendBy;

/// The body failed because its request may no longer be sent. Nothing of it was.
#[derive(Debug, thiserror::Error)]
#[error("its time to be sent had passed")]
pub(crate) struct TooLate;

/// `bytes` as a body that is sent until `send_by` or not at all.
pub(crate) fn gated(bytes: Vec<u8>, send_by: SendBy) -> reqwest::Body {
    reqwest::Body::wrap(Gated {
        bytes: Some(bytes.into()),
        send_by,
    })
}

/// Whether it is too late to send, at this very moment.
#[expect(
    clippy::disallowed_methods,
    reason = "the wall clock moves on while a machine sleeps, and is only compared here"
)]
pub(crate) fn is_over(send_by: &SendBy) -> bool {
    send_by.is_over(Instant::now(), Utc::now())
}

struct Gated {
    /// All of the body, until it is asked for.
    bytes: Option<Bytes>,
    send_by: SendBy,
}

impl Body for Gated {
    type Data = Bytes;
    type Error = TooLate;

    /// Fails the first time or never: what has begun to be sent is in doubt, not too late.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TooLate>>> {
        let Some(bytes) = self.bytes.take() else {
            return Poll::Ready(None);
        };
        if is_over(&self.send_by) {
            return Poll::Ready(Some(Err(TooLate)));
        }
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.bytes.as_ref().map_or(0, Bytes::len);
        match u64::try_from(length) {
            Ok(length) if !is_over(&self.send_by) => SizeHint::with_exact(length),
            Ok(_) | Err(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;

    use super::*;

    fn body(time_left: Duration) -> Gated {
        Gated {
            bytes: Some(Bytes::from_static(b"{}")),
            send_by: SendBy {
                monotonic: Instant::now().checked_add(time_left).unwrap(),
                wall: DateTime::<Utc>::MAX_UTC,
            },
        }
    }

    fn poll(body: &mut Gated) -> Option<Result<Bytes, TooLate>> {
        let context = &mut Context::from_waker(std::task::Waker::noop());
        match Pin::new(body).poll_frame(context) {
            Poll::Ready(frame) => frame.map(|frame| frame.map(|it| it.into_data().unwrap())),
            Poll::Pending => panic!("it never waits"),
        }
    }

    #[test]
    fn a_late_body_fails_and_tells_no_length() {
        let mut late = body(Duration::ZERO);
        assert_eq!(late.size_hint().exact(), None);
        assert!(matches!(poll(&mut late), Some(Err(TooLate))));
        assert!(poll(&mut late).is_none());
    }

    #[test]
    fn what_was_begun_in_time_is_never_called_too_late() {
        let mut timely = body(Duration::from_hours(1));
        assert_eq!(timely.size_hint().exact(), Some(2));
        assert!(matches!(poll(&mut timely), Some(Ok(bytes)) if bytes == "{}"));
        timely.send_by = body(Duration::ZERO).send_by;
        assert!(poll(&mut timely).is_none());
    }
}
