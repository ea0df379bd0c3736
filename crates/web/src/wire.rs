//! The socket of a connection: it gives up a reader that takes nothing, and ends so that the last answer arrives.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};

/// How long a connection that ends is read on while nothing comes.
const LINGER_QUIET: Duration = Duration::from_secs(2);
/// How long it is read on altogether.
const LINGER_MAX: Duration = Duration::from_secs(10);
/// How much is read on.
const LINGER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A socket whose writes fail once its reader has taken nothing for too long.
pub(crate) struct Wire {
    stream: TcpStream,
    stall_timeout: Duration,
    /// Runs while a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    pub fn new(stream: TcpStream, stall_timeout: Duration) -> Wire {
        Wire {
            stream,
            stall_timeout,
            stalled: None,
        }
    }

    /// What comes first, which stays to be read.
    pub async fn first_byte(&self) -> io::Result<u8> {
        let mut first = [0];
        match self.stream.peek(&mut first).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(first[0]),
        }
    }

    fn in_time<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let limit = self.stall_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(stalled.as_mut().poll(cx));
        // What waits in the system for this reader goes with the connection.
        self.stream.set_zero_linger()?;
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Ends the connection. Closing a socket that holds what was not read makes the system throw away what is on its
    /// way to the other end, the last answer included: so what still comes is read and dropped, up to a bound.
    pub async fn end(mut self, more_may_come: bool) {
        if self.stream.shutdown().await.is_err() {
            return;
        }
        let mut dropped = vec![0; 16 * 1024];
        if !more_may_come && !matches!(self.stream.try_read(&mut dropped), Ok(1..)) {
            return;
        }
        let read_on = async {
            let mut left = LINGER_BYTES_MAX;
            while let Ok(Ok(bytes @ 1..)) = timeout(LINGER_QUIET, self.stream.read(&mut dropped)).await {
                left = left.saturating_sub(bytes);
                if left == 0 {
                    return;
                }
            }
        };
        // Whoever still sends has had the answer for long enough.
        drop(timeout(LINGER_MAX, read_on).await);
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.in_time(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.in_time(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
