//! One HTTP connection, with a time for everything that a peer can keep us waiting for.
//!
//! | the peer | may take |
//! |---|---|
//! | to encrypt the connection | `http.header` |
//! | to send the head of a request, from its first byte, and of the first from connecting | `http.header` |
//! | to send a request's body | `http.header` |
//! | between two requests | `http.idle` |
//! | to take bytes of an answer, before any are taken | `http.idle` |
//!
//! An answer begins within `http.answer`; what we are streaming then has no limit: a page that is read live stays open
//! for days. HTTP/1.1 only: each connection carries one request at a time, so that a bound on connections is one on
//! requests and streams too.
//!
//! A head may have [`BUFFER_MAX`] bytes and a hundred fields (hyper's own bound), a body `http.body_max`.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use http_body_util::Limited;
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tls::ClientCertificate;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep, timeout, timeout_at};

use super::headers;
use super::terms::{self, Refusal, Terms};
use crate::door::{Place, Work};

/// The longest head of a request, and what is gathered of an answer before it is written.
const BUFFER_MAX: usize = 64 << 10;

/// Why we ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// By the peer, or after an answer that ends it.
    Itself,
    /// It was not encrypted in time, or not with an acceptable certificate.
    Handshake,
    /// A head did not come in time.
    Header,
    /// No request came in time.
    Idle,
    /// Its place is another's.
    Wanted,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// The rest of a head, since then.
    Head(Instant),
    Between,
    Answering,
}

/// What the parts of one connection tell each other.
struct Pace {
    place: Place,
    phase: watch::Sender<Phase>,
}

impl Pace {
    fn read(&self) {
        self.place.moved();
        let begins = |phase: &mut Phase| {
            let between = matches!(phase, Phase::Between);
            if between {
                *phase = Phase::Head(Instant::now());
            }
            between
        };
        self.phase.send_if_modified(begins);
    }

    fn answering(self: &Arc<Self>) -> Answering {
        // A whole head is what this port is for.
        self.place.delivered();
        self.phase.send_replace(Phase::Answering);
        Answering { pace: Arc::clone(self), _work: self.place.work() }
    }

    /// Waits until the peer has kept us waiting for too long.
    async fn too_slow(&self, times: &terms::Times) -> Ended {
        let mut phases = self.phase.subscribe();
        loop {
            let phase = *phases.borrow_and_update();
            let (due, ended) = match phase {
                Phase::Head(since) => (since + times.header, Ended::Header),
                Phase::Between => (Instant::now() + times.idle.saturating_sub(self.place.silent()), Ended::Idle),
                Phase::Answering => (Instant::now() + times.idle, Ended::Itself),
            };
            if ended != Ended::Itself && due <= Instant::now() {
                return ended;
            }
            // Only a new phase can bring the time nearer; the sender lives in `self`.
            let _ = timeout_at(due, phases.changed()).await;
        }
    }
}

/// A request that is being answered, until its answer's last byte has been handed over.
struct Answering {
    pace: Arc<Pace>,
    _work: Work,
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.pace.place.moved();
        self.pace.phase.send_replace(Phase::Between);
    }
}

/// Serves a connection from an address until either side ends it. Each of its requests carries the certificate that was shown.
pub(super) async fn serve<S>(
    stream: S,
    peer: IpAddr,
    shown: Option<ClientCertificate>,
    place: Place,
    router: Router,
    terms: Arc<Terms>,
) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let times = terms.times;
    let pace = Arc::new(Pace { place, phase: watch::Sender::new(Phase::Head(Instant::now())) });
    let stream = Watched { stream, pace: Arc::clone(&pace), patience: times.idle, stalled: None };
    let routes = TowerToHyperService::new(router);
    let answering = Arc::clone(&pace);
    let answer = service_fn(move |request: Request<Incoming>| {
        let answering = answering.answering();
        let refused = terms.judge(peer, request.method(), request.uri().path(), request.headers(), request.body());
        let (routes, terms, shown) = (routes.clone(), Arc::clone(&terms), shown.clone());
        async move {
            let made = match refused {
                Some(refusal) => Err(refusal),
                None => {
                    let mut request = request.map(|body| bounded(body, times.header, terms.body_max));
                    if let Some(shown) = shown {
                        request.extensions_mut().insert(shown);
                    }
                    let routed = routes.call(request);
                    timeout(times.answer, routed).await.map_err(|_| Refusal::Slow)
                }
            };
            let mut response = match made {
                Ok(response) => response?,
                Err(refusal) => terms.refuse(refusal),
            };
            headers::complete(response.headers_mut());
            Ok::<_, Infallible>(response.map(|body| Answer { body, _answering: answering }))
        }
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(BUFFER_MAX)
        .serve_connection(TokioIo::new(stream), answer);
    tokio::select! {
        // How a peer goes away is its own affair.
        _ = connection => Ended::Itself,
        ended = pace.too_slow(&times) => ended,
        () = pace.place.wanted() => Ended::Wanted,
    }
}

/// The socket, which notes what moves, and fails when the peer takes nothing of what we write.
struct Watched<S> {
    stream: S,
    pace: Arc<Pace>,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    /// The result of a write, or a failure when it has waited for too long.
    fn written<T>(&mut self, result: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stalled = None;
            self.pace.place.moved();
            return result;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(self.patience)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        if buffer.filled().len() > before {
            self.pace.read();
        }
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(result, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.written(result, context)
    }
}

/// A request's body, which fails when it is not there in time, or longer than it may be. Most requests have none.
fn bounded(body: Incoming, time: Duration, max: usize) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    Body::new(Limited::new(Timed { body, due: Box::pin(sleep(time)) }, max))
}

struct Timed {
    body: Incoming,
    due: Pin<Box<Sleep>>,
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(self.due.as_mut().poll(context));
        Poll::Ready(Some(Err("the request's body did not come in time".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body, which knows when it has been taken.
struct Answer {
    body: Body,
    _answering: Answering,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
