//! One sender: messages in, answers out, in order.
//!
//! A reader hands each message to Kafka as it comes, without waiting for the one before, at most `limits.window` ahead;
//! a writer answers in the same order, each as soon as Kafka has acknowledged it. Nothing is read while Kafka is away.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use hl7::mllp::{self, Doubt, Frame, Frames};
use runtime::door::{Place, Work};
use schemas::{Format, Timestamp};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout;

use super::answer::{Became, Seed, Writer};
use super::frame::{self, Batch, Content};
use super::listener::LongMessages;
use crate::config::{BatchAnswer, Mllp, Unreadable};
use crate::intake::{self, Arrival, Feed, Receipt, Room};
use crate::message::{self, Read};
use crate::metrics::{Answered, Oddity, Turned};

/// Read at a time, and what a connection may hold without a share of the budget.
const READ_BYTES: usize = 16 << 10;
/// How long an end byte waits for the byte that says whether it ends a message, when nothing else comes: where a segment
/// would begin, where it is hardly anything else, and inside a field. A sender that writes no CR behind it waits as long for
/// each of its answers.
const GRACE_SEGMENT: Duration = Duration::from_millis(20);
const GRACE_FIELD: Duration = Duration::from_millis(200);
/// How long a connection that we end is read on, for its peer to see the end.
const LINGER: Duration = Duration::from_millis(500);
/// Answers gathered before they are written.
const WRITE_BYTES: usize = 16 << 10;
/// So many bytes without the end of a frame are no message, long as it may be: the connection is closed.
const ENDLESS_BYTES: u64 = 64 << 20;

pub(super) struct Connection {
    pub feed: Arc<Feed>,
    /// How its listener is configured.
    pub settings: Arc<Mllp>,
    /// Its place among the port's connections.
    pub place: Place,
    /// Who of the port's connections may read a long message.
    pub long_messages: LongMessages,
    /// The listener's port, for positions.
    pub port: u16,
    /// Its number among the process's connections.
    pub number: u64,
    /// When the process started, for control ids.
    pub started: i64,
}

/// A frame that waits for its acknowledgements.
struct Waiting {
    messages: Vec<WaitingMessage>,
    /// The envelopes of the batches it was and how many messages each has, if the answer is to be a batch.
    batches: Vec<(Vec<u8>, usize)>,
    received: Instant,
    /// Until the answer is written the connection is not asked to give its place to another.
    work: Work,
}

struct WaitingMessage {
    seed: Seed,
    /// None: it could not be handed to Kafka in time.
    receipt: Option<Receipt>,
    /// What it becomes when it is stored.
    then: Became,
}

/// Why no more is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Either side has ended it.
    Over,
    Wanted,
}

/// Room for one long message, held until it has ended.
struct Reservation {
    room: Room,
    _turn: Option<OwnedSemaphorePermit>,
}

/// What a frame's answers are, before they are written.
struct Answers {
    answered: Vec<Answered>,
    /// Whether a message of it was accepted, answered or not.
    delivered: bool,
    received: Instant,
    /// Ends when they are written.
    work: Work,
}

impl Connection {
    /// Serves the connection until it is closed by either side.
    pub(super) async fn serve<S: AsyncRead + AsyncWrite>(self, stream: S) {
        let (mut reading, writing) = tokio::io::split(stream);
        let (sender, receiver) = mpsc::channel(self.feed.intake.limits.window);
        let mut writer = std::pin::pin!(self.answer(writing, receiver));
        tokio::select! {
            // A writer that ends first has lost its peer; what was read by then is stored all the same.
            () = &mut writer => return,
            end = self.read(&mut reading, sender) => {
                // A stranger whose place is wanted has nothing to be told.
                if end == End::Wanted && !self.place.has_delivered() {
                    return;
                }
            }
        }
        if timeout(self.feed.intake.limits.drain.0, writer).await.is_err() {
            tracing::warn!(region = self.feed.region(), "a connection ended before its answers could be written");
        }
        // Closing a socket with unread bytes resets it, and the peer may lose answers it has not read yet: what it
        // still sends is taken and dropped, unanswered, for a moment.
        let mut dropped = vec![0; READ_BYTES];
        let _ = timeout(LINGER, async { while matches!(reading.read(&mut dropped).await, Ok(1..)) {} }).await;
    }

    /// How long the next byte is waited for, altogether, when a message is unfinished or none is.
    fn patience(&self, unfinished: bool) -> Duration {
        let limits = &self.feed.intake.limits;
        match (unfinished, self.place.has_delivered()) {
            (true, _) => limits.unfinished.0,
            (false, true) => limits.silent.0,
            (false, false) => limits.idle.0,
        }
    }

    async fn read<S: AsyncRead + Unpin>(&self, stream: &mut S, waiting: mpsc::Sender<Waiting>) -> End {
        let intake = &self.feed.intake;
        let bytes_max = usize::try_from(intake.limits.message.as_bytes()).unwrap_or(usize::MAX);
        let mut frames = Frames::new(bytes_max);
        let mut reservation: Option<Reservation> = None;
        let mut message_number = 0;
        // Time spent in waiting for bytes, since the last message ended or the next began: while Kafka is away none passes.
        let mut waited = Duration::ZERO;
        let mut silent_bytes = 0_u64;
        let mut junk_bytes = 0;
        while intake.wait_open().await {
            let doubt = frames.doubt();
            let unfinished = !frames.unfinished().is_empty();
            let buffer = frames.tail();
            buffer.reserve(READ_BYTES);
            let mut limited = (&mut *stream).take(READ_BYTES as u64);
            let patience = match doubt {
                Some(Doubt::Segment) => GRACE_SEGMENT,
                Some(Doubt::Field) => GRACE_FIELD,
                None => self.patience(unfinished).saturating_sub(waited),
            };
            let since = Instant::now();
            let read = tokio::select! {
                read = timeout(patience, limited.read_buf(buffer)) => read,
                () = intake.shutdown.wait() => return End::Over,
                () = self.place.wanted() => return End::Wanted,
            };
            waited += since.elapsed();
            let mut ended = false;
            match read {
                Err(_) if doubt.is_some() => frames.settle(),
                // Meanwhile its first message may have been stored, and it is a stranger no more.
                Err(_) if waited < self.patience(unfinished) => continue,
                Err(_) => {
                    let reason = if unfinished { Turned::Unfinished } else { Turned::Idle };
                    intake.metrics.connections_turned.of(reason).inc();
                    break;
                }
                // A sender that goes away, however rudely, sends the unanswered again elsewhere.
                Ok(Ok(0) | Err(_)) => {
                    frames.settle();
                    ended = true;
                }
                Ok(Ok(bytes)) => {
                    self.place.moved();
                    intake.metrics.bytes_read.inc_by(bytes as u64);
                    silent_bytes += bytes as u64;
                }
            }
            while let Some(frame) = frames.next() {
                silent_bytes = 0;
                if !self.take(frame, &mut message_number, &mut reservation, &waiting).await {
                    return End::Over;
                }
            }
            if silent_bytes == 0 || !unfinished && !frames.unfinished().is_empty() {
                waited = Duration::ZERO;
            }
            let junk = frames.junk_bytes();
            if junk > junk_bytes {
                if junk_bytes == 0 {
                    let (region, connection) = (self.feed.region(), self.number);
                    tracing::warn!(region, connection, "bytes outside MLLP frames are passed over, unanswered");
                }
                intake.metrics.junk.inc_by(junk - junk_bytes);
                junk_bytes = junk;
            }
            if ended {
                break;
            }
            if silent_bytes > ENDLESS_BYTES {
                intake.metrics.connections_turned.of(Turned::Endless).inc();
                break;
            }
            if silent_bytes == 0 {
                reservation = None;
            }
            if frames.unfinished().len() <= READ_BYTES {
                frames.tail().shrink_to(2 * READ_BYTES);
            } else if reservation.is_none() {
                // A long message takes room for the longest, once, so that it can always be finished.
                reservation = Some(tokio::select! {
                    reserved = self.reserve(bytes_max) => reserved,
                    () = intake.shutdown.wait() => return End::Over,
                    () = self.place.wanted() => return End::Wanted,
                });
            }
        }
        if !frames.unfinished().is_empty() {
            intake.metrics.oddities.of(Oddity::CutShort).inc();
        }
        End::Over
    }

    async fn reserve(&self, bytes_max: usize) -> Reservation {
        let turn = self.long_messages.turn(self.place.has_delivered()).await;
        Reservation { room: self.feed.intake.room(bytes_max).await, _turn: turn }
    }

    /// Hands a frame's messages to Kafka and its answers to the writer; false when the connection is to end.
    async fn take(
        &self,
        frame: Frame<'_>,
        message_number: &mut u64,
        reservation: &mut Option<Reservation>,
        waiting: &mpsc::Sender<Waiting>,
    ) -> bool {
        let oddities = &self.feed.intake.metrics.oddities;
        let (received, work) = (Instant::now(), self.place.work());
        let mut messages = Vec::with_capacity(1);
        let mut batches = Vec::new();
        let each = |number: &mut u64| {
            *number += 1;
            format!("mllp {} {}/{}", self.port, self.number, number)
        };
        match frame {
            Frame::TooLong { head, bytes } => {
                oddities.of(Oddity::Oversized).inc();
                messages.push(self.too_long(head, bytes, &each(message_number)).await);
            }
            Frame::Message { bytes, ended: false, .. } if !ends_segment(bytes) => {
                oddities.of(Oddity::CutShort).inc();
                messages.push(self.cut_short(bytes));
            }
            Frame::Message { bytes, ended, left_out } => {
                if !ended {
                    oddities.of(Oddity::Unended).inc();
                }
                if left_out > 0 {
                    oddities.of(Oddity::Shortened).inc();
                }
                match frame::content(bytes) {
                    Content::One(message) => {
                        messages.push(self.message(message, &each(message_number), reservation).await);
                    }
                    Content::Several(several) => {
                        for message in several {
                            messages.push(self.message(message, &each(message_number), reservation).await);
                        }
                    }
                    Content::Batches(several) => {
                        oddities.of(Oddity::Batch).inc();
                        for Batch { envelope, messages: inside } in several {
                            for message in &inside {
                                messages.push(self.message(message, &each(message_number), reservation).await);
                            }
                            if self.settings.batch == BatchAnswer::Batch {
                                batches.push((envelope.to_vec(), inside.len()));
                            }
                        }
                    }
                }
            }
        }
        waiting.send(Waiting { messages, batches, received, work }).await.is_ok()
    }

    async fn message(&self, payload: &[u8], position: &str, reservation: &mut Option<Reservation>) -> WaitingMessage {
        let received_at = intake::now();
        let text = hl7::decode_text(payload).text;
        let read = message::read(&text);
        let partition = Read::partition(read.as_ref().ok(), &self.feed.router, payload, received_at);
        let message_id = read.as_ref().map_or("", |read| read.message.control_id());
        // What the processor is going to park is not accepted.
        let then = match read.as_ref().map_or_else(|error| Some(*error), |read| read.flaw) {
            None => Became::Stored,
            Some(error) => {
                self.feed.intake.metrics.oddities.of(Oddity::Unreadable).inc();
                match self.settings.unreadable {
                    Unreadable::Accept => Became::StoredUnreadable(error),
                    Unreadable::Reject => Became::RejectedUnreadable(error),
                }
            }
        };
        let seed = Seed::of(payload, self.settings.acknowledgement);
        let receipt = self.hand_over(payload, message_id, position, partition, received_at, reservation).await;
        WaitingMessage { seed, receipt, then }
    }

    /// Of a message that is too long only its coordinates are recorded, with its id if its header could be read.
    async fn too_long(&self, head: &[u8], bytes: usize, position: &str) -> WaitingMessage {
        let text = hl7::decode_text(head).text;
        let read = message::read(&text);
        let message_id = read.as_ref().map_or("", |read| read.message.control_id());
        let seed = Seed::of(head, self.settings.acknowledgement);
        let payload = intake::left_out(bytes as u64, self.feed.intake.limits.message.as_bytes());
        let partition = self.feed.router.of_content(head);
        let receipt =
            self.hand_over(payload.as_bytes(), message_id, position, partition, intake::now(), &mut None).await;
        WaitingMessage { seed, receipt, then: Became::TooLong }
    }

    /// Of a message that may lack its end nothing is recorded: half a code is another ward. Its sender sends it again.
    fn cut_short(&self, bytes: &[u8]) -> WaitingMessage {
        let seed = Seed::of(bytes, self.settings.acknowledgement);
        WaitingMessage { seed, receipt: Some(Box::pin(std::future::ready(Ok(())))), then: Became::CutShort }
    }

    async fn hand_over(
        &self,
        payload: &[u8],
        message_id: &str,
        position: &str,
        partition: i32,
        received_at: Timestamp,
        reservation: &mut Option<Reservation>,
    ) -> Option<Receipt> {
        let intake = &self.feed.intake;
        let room = match reservation {
            Some(reserved) => reserved.room.share(intake::cost(payload)),
            // The message has been read, so its sender gets an answer even when there is no room in time.
            None => timeout(intake.limits.acknowledge.0, intake.room(intake::cost(payload))).await.ok()?,
        };
        let arrival =
            Arrival { format: Format::Hl7v2, message_id, received_at, recorded_at: None, position, payload, partition };
        self.feed.send(arrival, room).await.ok()
    }

    async fn answer<S: AsyncWrite>(&self, stream: S, mut waiting: mpsc::Receiver<Waiting>) {
        let metrics = &self.feed.intake.metrics;
        let mut stream = std::pin::pin!(stream);
        let mut writer = Writer::new(self.started, self.number);
        let mut out = Vec::new();
        let mut written: Vec<(Instant, Work)> = Vec::new();
        let mut next = waiting.recv().await;
        while let Some(mut frame) = next.take() {
            let write_first = !out.is_empty() && (out.len() >= WRITE_BYTES || !frame.is_ready().await);
            if write_first && !self.write(stream.as_mut(), &mut out, &mut written).await {
                next = Some(frame);
                break;
            }
            let answers = frame.answers(&mut writer, &mut out).await;
            written.push((answers.received, answers.work));
            answers.answered.into_iter().for_each(|answered| metrics.answered.of(answered).inc());
            if answers.delivered {
                self.place.delivered();
            }
            next = match waiting.try_recv() {
                Ok(frame) => Some(frame),
                Err(_) => {
                    if !self.write(stream.as_mut(), &mut out, &mut written).await {
                        break;
                    }
                    waiting.recv().await
                }
            };
        }
        // The peer is gone or has ended: what is still under way keeps its room until Kafka has said what became of it.
        waiting.close();
        while let Some(frame) = next {
            outcomes(frame.messages).await;
            next = waiting.recv().await;
        }
        // A peer that is gone cannot be told that we go.
        let _ = timeout(self.feed.intake.limits.drain.0, stream.shutdown()).await;
    }

    /// Writes the gathered answers; false when the peer does not take them.
    async fn write<S: AsyncWrite>(
        &self,
        mut stream: Pin<&mut S>,
        out: &mut Vec<u8>,
        written: &mut Vec<(Instant, Work)>,
    ) -> bool {
        let write = async {
            stream.write_all(out).await?;
            stream.flush().await
        };
        let done = matches!(timeout(self.feed.intake.limits.idle.0, write).await, Ok(Ok(())));
        out.clear();
        out.shrink_to(2 * WRITE_BYTES);
        self.place.moved();
        for (received, _) in written.drain(..) {
            if done {
                self.feed.intake.metrics.answer_delay.observe(received.elapsed().as_secs_f64());
            }
        }
        done
    }
}

impl Waiting {
    /// Whether the answer can be written without waiting.
    async fn is_ready(&mut self) -> bool {
        for message in &mut self.messages {
            let Some(receipt) = &mut message.receipt else { continue };
            let polled = std::future::poll_fn(|context| Poll::Ready(receipt.as_mut().poll(context))).await;
            match polled {
                Poll::Pending => return false,
                // A resolved receipt must not be asked again: it is replaced by what it said.
                Poll::Ready(Ok(())) => message.receipt = Some(Box::pin(std::future::ready(Ok(())))),
                Poll::Ready(Err(_)) => message.receipt = None,
            }
        }
        true
    }

    /// Waits for Kafka and appends the answers, framed.
    async fn answers(self, writer: &mut Writer, out: &mut Vec<u8>) -> Answers {
        let Self { messages, batches, received, work } = self;
        let outcomes = outcomes(messages).await;
        let delivered = outcomes.iter().any(|(_, became)| became.is_accepted());
        let now = intake::now().0;
        let mut answered = Vec::with_capacity(outcomes.len());
        // Of each message its answers, without those that are not wanted.
        let mut written: Vec<Vec<Vec<u8>>> = Vec::with_capacity(outcomes.len());
        for (seed, became) in &outcomes {
            let (codes, texts): (Vec<_>, Vec<_>) = writer.write(seed, *became, now).into_iter().unzip();
            answered.extend(codes);
            written.push(texts.into_iter().filter(|text| !text.is_empty()).collect());
        }
        if batches.is_empty() {
            written.iter().flatten().for_each(|answer| mllp::encode(answer, out));
            return Answers { answered, delivered, received, work };
        }
        let mut reply = Vec::new();
        let mut rest = &written[..];
        for (envelope, count) in batches {
            let (inside, after) = rest.split_at(count.min(rest.len()));
            rest = after;
            let count = inside.iter().flatten().count();
            let separator = char::from(envelope.get(3).copied().unwrap_or(b'|'));
            reply.extend_from_slice(&writer.batch_header(&envelope, now));
            reply.extend(inside.iter().flatten().flatten());
            reply.extend_from_slice(format!("BTS{separator}{count}\r").as_bytes());
        }
        mllp::encode(&reply, out);
        Answers { answered, delivered, received, work }
    }
}

/// Waits for Kafka and says what became of each message.
async fn outcomes(messages: Vec<WaitingMessage>) -> Vec<(Seed, Became)> {
    let mut outcomes = Vec::with_capacity(messages.len());
    for message in messages {
        let stored = match message.receipt {
            Some(receipt) => receipt.await.is_ok(),
            None => false,
        };
        outcomes.push((message.seed, if stored { message.then } else { Became::NotStored }));
    }
    outcomes
}

/// Whether the last segment was ended.
fn ends_segment(message: &[u8]) -> bool {
    let behind = &message[message.trim_ascii_end().len()..];
    behind.iter().any(|byte| matches!(byte, b'\r' | b'\n'))
}
