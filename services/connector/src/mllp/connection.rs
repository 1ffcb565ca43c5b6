//! One sender: messages in, answers out, in order.
//!
//! A reader hands each message to Kafka as it comes, without waiting for the one before, at most `limits.window` ahead;
//! a writer answers in the same order, each as soon as Kafka has acknowledged it. Nothing is read while Kafka is away.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use hl7::mllp::{self, Frame, Frames};
use schemas::{Format, Timestamp};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::answer::{Became, Seed, Writer};
use super::frame::{self, Content};
use crate::config::{BatchAnswer, Mllp, Unreadable};
use crate::intake::{self, Arrival, Feed, Receipt, Room};
use crate::message::{self, Read};
use crate::metrics::{Answered, Oddity, Turned};

/// Read at a time, and what a connection may hold without a share of the budget.
const READ_BYTES: usize = 16 << 10;
/// How long a connection that we end is read on, for its peer to see the end.
const LINGER: Duration = Duration::from_millis(500);
/// Answers gathered before they are written.
const WRITE_BYTES: usize = 16 << 10;
/// So many bytes without the end of a frame are no message, long as it may be: the connection is closed.
const ENDLESS_BYTES: u64 = 64 << 20;

/// One sender's connection.
pub struct Connection {
    /// Where its messages go.
    pub feed: Arc<Feed>,
    /// How its listener is configured.
    pub settings: Arc<Mllp>,
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
    /// The envelope of the batch it was, if the answer is to be a batch.
    batch: Option<Vec<u8>>,
    received: Instant,
}

struct WaitingMessage {
    seed: Seed,
    /// None: it could not be handed to Kafka in time.
    receipt: Option<Receipt>,
    /// What it becomes when it is stored.
    then: Became,
}

impl Connection {
    /// Serves the connection until it is closed by either side.
    pub async fn serve<S: AsyncRead + AsyncWrite>(self, stream: S) {
        let (mut reading, writing) = tokio::io::split(stream);
        let (sender, receiver) = mpsc::channel(self.feed.intake.limits.window);
        let mut writer = std::pin::pin!(self.answer(writing, receiver));
        tokio::select! {
            // A writer that ends first has lost its peer; what was read by then is stored all the same.
            () = &mut writer => return,
            () = self.read(&mut reading, sender) => {}
        }
        if timeout(self.feed.intake.limits.drain.0, writer).await.is_err() {
            tracing::warn!(region = self.feed.region(), "a connection ended before its answers could be written");
        }
        // Closing a socket with unread bytes resets it, and the peer may lose answers it has not read yet: what it
        // still sends is taken and dropped, unanswered, for a moment.
        let mut dropped = vec![0; READ_BYTES];
        let _ = timeout(LINGER, async { while matches!(reading.read(&mut dropped).await, Ok(1..)) {} }).await;
    }

    async fn read<S: AsyncRead + Unpin>(&self, stream: &mut S, waiting: mpsc::Sender<Waiting>) {
        let intake = &self.feed.intake;
        let bytes_max = usize::try_from(intake.limits.message.as_bytes()).unwrap_or(usize::MAX);
        let mut frames = Frames::new(bytes_max);
        let mut reservation: Option<Room> = None;
        let mut message_number = 0;
        let mut silent_bytes = 0_u64;
        let mut junk_bytes = 0;
        while intake.wait_open().await {
            let buffer = frames.tail();
            buffer.reserve(READ_BYTES);
            let mut limited = (&mut *stream).take(READ_BYTES as u64);
            let read = tokio::select! {
                read = timeout(intake.limits.idle.0, limited.read_buf(buffer)) => read,
                () = intake.shutdown.wait() => return,
            };
            match read {
                Err(_) => {
                    intake.metrics.connections_turned.of(Turned::Idle).inc();
                    break;
                }
                // A sender that goes away, however rudely, sends the unanswered again elsewhere.
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(bytes)) => {
                    intake.metrics.bytes_read.inc_by(bytes as u64);
                    silent_bytes += bytes as u64;
                }
            }
            while let Some(frame) = frames.next() {
                silent_bytes = 0;
                if !self.take(frame, &mut message_number, &mut reservation, &waiting).await {
                    return;
                }
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
                    room = intake.room(bytes_max) => room,
                    () = intake.shutdown.wait() => return,
                });
            }
        }
        if !frames.unfinished().is_empty() {
            intake.metrics.oddities.of(Oddity::CutShort).inc();
        }
    }

    /// Hands a frame's messages to Kafka and its answers to the writer; false when the connection is to end.
    async fn take(
        &self,
        frame: Frame<'_>,
        message_number: &mut u64,
        reservation: &mut Option<Room>,
        waiting: &mpsc::Sender<Waiting>,
    ) -> bool {
        let oddities = &self.feed.intake.metrics.oddities;
        let received = Instant::now();
        let mut messages = Vec::with_capacity(1);
        let mut batch = None;
        let each = |number: &mut u64| {
            *number += 1;
            format!("mllp {} {}/{}", self.port, self.number, number)
        };
        match frame {
            Frame::TooLong { head, bytes } => {
                oddities.of(Oddity::Oversized).inc();
                messages.push(self.too_long(head, bytes, &each(message_number)).await);
            }
            Frame::Message { bytes, ended } => {
                if !ended {
                    oddities.of(Oddity::Unended).inc();
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
                    Content::Batch { envelope, messages: several } => {
                        oddities.of(Oddity::Batch).inc();
                        for message in several {
                            messages.push(self.message(message, &each(message_number), reservation).await);
                        }
                        if self.settings.batch == BatchAnswer::Batch {
                            batch = Some(envelope.to_vec());
                        }
                    }
                }
            }
        }
        waiting.send(Waiting { messages, batch, received }).await.is_ok()
    }

    async fn message(&self, payload: &[u8], position: &str, reservation: &mut Option<Room>) -> WaitingMessage {
        let received_at = intake::now();
        let text = message::text(payload);
        let read = message::read(&text.text);
        let partition = Read::partition(read.as_ref(), &self.feed.router, payload, received_at);
        let (seed, then, message_id) = match &read {
            Some(read) => {
                let seed = Seed::of(&read.message, text.charset, self.settings.acknowledgement);
                (seed, Became::Stored, read.message.control_id())
            }
            None => {
                self.feed.intake.metrics.oddities.of(Oddity::Unreadable).inc();
                let then = match self.settings.unreadable {
                    Unreadable::Accept => Became::StoredUnreadable,
                    Unreadable::Reject => Became::RejectedUnreadable,
                };
                (Seed::unreadable(), then, "")
            }
        };
        let receipt = self.hand_over(payload, message_id, position, partition, received_at, reservation).await;
        WaitingMessage { seed, receipt, then }
    }

    /// Of a message over the limit only its coordinates are recorded, with its id if its header could be read.
    async fn too_long(&self, head: &[u8], bytes: usize, position: &str) -> WaitingMessage {
        let text = message::text(head);
        let read = message::read(&text.text);
        let (seed, message_id) = match &read {
            Some(read) => {
                (Seed::of(&read.message, text.charset, self.settings.acknowledgement), read.message.control_id())
            }
            None => (Seed::unreadable(), ""),
        };
        let payload = intake::left_out(bytes as u64, self.feed.intake.limits.message.as_bytes());
        let partition = self.feed.router.of_content(head);
        let receipt =
            self.hand_over(payload.as_bytes(), message_id, position, partition, intake::now(), &mut None).await;
        WaitingMessage { seed, receipt, then: Became::TooLong }
    }

    async fn hand_over(
        &self,
        payload: &[u8],
        message_id: &str,
        position: &str,
        partition: i32,
        received_at: Timestamp,
        reservation: &mut Option<Room>,
    ) -> Option<Receipt> {
        let intake = &self.feed.intake;
        let room = match reservation {
            Some(reserved) => reserved.share(intake::cost(payload)),
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
        let mut written: Vec<Instant> = Vec::new();
        let mut next = waiting.recv().await;
        while let Some(mut frame) = next.take() {
            let write_first = !out.is_empty() && (out.len() >= WRITE_BYTES || !frame.is_ready().await);
            if write_first && !self.write(stream.as_mut(), &mut out, &mut written).await {
                next = Some(frame);
                break;
            }
            written.push(frame.received);
            for answered in frame.answers(&mut writer, &mut out).await {
                metrics.answered.of(answered).inc();
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
            frame.outcomes().await;
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
        received: &mut Vec<Instant>,
    ) -> bool {
        let write = async {
            stream.write_all(out).await?;
            stream.flush().await
        };
        let done = matches!(timeout(self.feed.intake.limits.idle.0, write).await, Ok(Ok(())));
        out.clear();
        out.shrink_to(2 * WRITE_BYTES);
        for received in received.drain(..) {
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

    /// Waits for Kafka and says what became of each message.
    async fn outcomes(self) -> Vec<(Seed, Became)> {
        let mut outcomes = Vec::with_capacity(self.messages.len());
        for message in self.messages {
            let stored = match message.receipt {
                Some(receipt) => receipt.await.is_ok(),
                None => false,
            };
            outcomes.push((message.seed, if stored { message.then } else { Became::NotStored }));
        }
        outcomes
    }

    /// Waits for Kafka and appends the answers, framed.
    async fn answers(self, writer: &mut Writer, out: &mut Vec<u8>) -> Vec<Answered> {
        let batch = self.batch.clone();
        let outcomes = self.outcomes().await;
        let now = intake::now().0;
        let mut answers = Vec::with_capacity(outcomes.len());
        let mut together = Vec::new();
        for (seed, became) in &outcomes {
            let mut answer = Vec::new();
            answers.push(writer.write(seed, *became, now, &mut answer));
            match batch {
                Some(_) => together.extend_from_slice(&answer),
                None if answer.is_empty() => {}
                None => mllp::encode(&answer, out),
            }
        }
        if let Some(envelope) = batch {
            let count = answers.iter().filter(|answered| **answered != Answered::None).count();
            let mut reply = writer.batch_header(&envelope, now);
            let separator = char::from(envelope.get(3).copied().unwrap_or(b'|'));
            reply.extend_from_slice(&together);
            reply.extend_from_slice(format!("BTS{separator}{count}\r").as_bytes());
            mllp::encode(&reply, out);
        }
        answers
    }
}
