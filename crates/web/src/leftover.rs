//! What is left of a request's body once its answer is there.
//!
//! A handler may answer before it has read the body: without a credential, with the wrong type, beyond a quota. The
//! next request of the connection begins behind that body, so it is read first if it is short; otherwise the answer
//! says that the connection ends with it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::poll_fn;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::timeout;

/// Longest rest of a body that is read for nothing.
const BYTES_MAX: u64 = 64 * 1024;

/// Where a body is left when its handler is done with it.
#[derive(Clone, Default)]
pub(crate) struct Leftover(Arc<Mutex<Option<Lent>>>);

/// A body for a handler, which leaves what it did not read.
pub(crate) struct Lent {
    body: Incoming,
    asked: bool,
    ended: bool,
}

impl Leftover {
    /// The same body, which comes back here.
    pub fn lend(&self, body: Incoming) -> Lending {
        let lent = Lent {
            body,
            asked: false,
            ended: false,
        };
        Lending {
            lent: Some(lent),
            home: self.clone(),
        }
    }

    /// Reads what is left if that is little and comes in time; whether the end was reached. Who waits to be told to go on
    /// (`Expect: 100-continue`) is not asked for a body that nobody wants.
    pub async fn read(self, waits_to_be_asked: bool, time: Duration) -> bool {
        let lent = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut lent) = lent else {
            // Somebody still reads it.
            return false;
        };
        if lent.ended || lent.body.is_end_stream() {
            return true;
        }
        if (waits_to_be_asked && !lent.asked) || lent.body.size_hint().lower() > BYTES_MAX {
            return false;
        }
        timeout(time, lent.drain()).await.unwrap_or(false)
    }
}

impl Lent {
    async fn drain(&mut self) -> bool {
        let mut left = BYTES_MAX;
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await {
            let Ok(frame) = frame else { return false };
            let length = frame.data_ref().map_or(0, Bytes::len);
            let Some(rest) = left.checked_sub(length as u64) else {
                return false;
            };
            left = rest;
        }
        true
    }
}

/// A body in a handler's hands.
pub(crate) struct Lending {
    lent: Option<Lent>,
    home: Leftover,
}

impl Drop for Lending {
    fn drop(&mut self) {
        *self.home.0.lock().unwrap_or_else(PoisonError::into_inner) = self.lent.take();
    }
}

impl Body for Lending {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(lent) = &mut self.lent else {
            return Poll::Ready(None);
        };
        lent.asked = true;
        let frame = ready!(Pin::new(&mut lent.body).poll_frame(cx));
        lent.ended = frame.is_none();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.lent.as_ref().is_none_or(|lent| lent.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.lent.as_ref().map(|lent| lent.body.size_hint());
        hint.unwrap_or_default()
    }
}
