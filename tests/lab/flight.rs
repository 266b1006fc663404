//! A connection whose flights take their time: whoever was spoken to waits before the first word of the answer.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

pub struct Flights {
    stream: TcpStream,
    latency: Duration,
    /// Runs from the moment at which something was read.
    wait: Option<Pin<Box<Sleep>>>,
}

impl Flights {
    pub fn new(stream: TcpStream, latency: Duration) -> Self {
        Flights { stream, latency, wait: None }
    }

    /// The connection ends with a reset as soon as it is dropped.
    pub fn reset(&self) -> io::Result<()> {
        self.stream.set_zero_linger()
    }
}

impl AsyncRead for Flights {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if !self.latency.is_zero() {
            self.wait = Some(Box::pin(sleep(self.latency)));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Flights {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(wait) = &mut self.wait {
            ready!(wait.as_mut().poll(cx));
            self.wait = None;
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
