//! Bytes of files, there and back, with several requests under way.

use std::collections::VecDeque;
use std::io::{self, Read};

use crate::error::Error;
use crate::session::Session;
use crate::wire::{self, Answer, Request};

/// Every server takes requests of this size.
const PIECE_BYTES: u32 = 32 << 10;
/// Requests under way: half a megabyte, which hides the way to the server and back.
const PIECES_MAX: usize = 16;

/// A piece that was asked for.
struct Piece {
    number: u32,
    offset: u64,
    length: u32,
    /// Its answer, when it came before its turn. `None` in it is the end of the file.
    found: Option<Option<Vec<u8>>>,
}

impl Session {
    /// Reads a file from `offset` on, to `end` or the file's own end, whichever comes first, and gives the bytes in
    /// order to `take`. Gives where it stopped.
    ///
    /// # Errors
    /// When the file is not there or may not be read, `take` fails ([`Error::Local`]), or the connection breaks.
    pub async fn read(
        &mut self,
        path: impl AsRef<[u8]>,
        offset: u64,
        end: u64,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<u64, Error> {
        let open = |request: Request| request.text(path).number(wire::OPEN_READ).no_attributes();
        let handle = self.open("open the file", wire::OPEN, open).await?;
        let mut under_way: VecDeque<Piece> = VecDeque::new();
        let (mut asked, mut taken) = (offset, offset);
        let mut ended = false;
        loop {
            while !ended && asked < end && under_way.len() < PIECES_MAX {
                let length = u32::try_from(end - asked).map_or(PIECE_BYTES, |rest| rest.min(PIECE_BYTES));
                let piece = self.ask_for(&handle, asked, length).await?;
                under_way.push_back(piece);
                asked += u64::from(length);
            }
            let Some(first) = under_way.front_mut() else { break };
            let Some(found) = first.found.take() else {
                self.receive_piece(&mut under_way).await?;
                continue;
            };
            let (at, length) = (first.offset, first.length);
            under_way.pop_front();
            // What was asked for behind the end is waited for and passed over.
            let Some(bytes) = found.filter(|bytes| !ended && !bytes.is_empty()) else {
                ended = true;
                continue;
            };
            take(&bytes).map_err(Error::Local)?;
            taken = at + bytes.len() as u64;
            if let Some(rest) = length.checked_sub(bytes.len() as u32).filter(|rest| *rest > 0) {
                // A server may give less than it was asked for: the rest comes before everything else.
                let piece = self.ask_for(&handle, taken, rest).await?;
                under_way.push_front(piece);
            }
        }
        self.close(&handle).await?;
        Ok(taken)
    }

    async fn ask_for(&mut self, handle: &[u8], offset: u64, length: u32) -> Result<Piece, Error> {
        let number = self.next();
        self.send(Request::new(wire::READ, number).text(handle).long(offset).number(length)).await?;
        Ok(Piece { number, offset, length, found: None })
    }

    /// Puts the next answer to its question.
    async fn receive_piece(&mut self, under_way: &mut VecDeque<Piece>) -> Result<(), Error> {
        let (number, answer) = self.receive().await?;
        let Some(piece) = under_way.iter_mut().find(|piece| piece.number == number && piece.found.is_none()) else {
            return Err(self.nonsense("an answer to another question"));
        };
        piece.found = Some(match answer {
            Answer::Data(bytes) if bytes.len() <= piece.length as usize => Some(bytes),
            Answer::Status(wire::STATUS_END) => None,
            other => return Err(self.unexpected("read the file", &other)),
        });
        Ok(())
    }

    /// Writes a file anew and makes it durable, where the server offers that.
    ///
    /// # Errors
    /// When the file may not be written, `source` fails ([`Error::Local`]), or the connection breaks.
    pub async fn write(&mut self, path: &str, mut source: impl Read) -> Result<(), Error> {
        const ATTEMPT: &str = "write the file";
        let open = |request: Request| request.text(path).number(wire::OPEN_NEW).no_attributes();
        let handle = self.open(ATTEMPT, wire::OPEN, open).await?;
        let mut buffer = vec![0; PIECE_BYTES as usize];
        let mut under_way: VecDeque<u32> = VecDeque::new();
        let mut offset = 0;
        loop {
            let bytes = source.read(&mut buffer).map_err(Error::Local)?;
            if bytes > 0 {
                let number = self.next();
                self.send(Request::new(wire::WRITE, number).text(&handle).long(offset).text(&buffer[..bytes])).await?;
                under_way.push_back(number);
                offset += bytes as u64;
            }
            while under_way.len() >= if bytes == 0 { 1 } else { PIECES_MAX } {
                let (number, answer) = self.receive().await?;
                let Some(at) = under_way.iter().position(|asked| *asked == number) else {
                    return Err(self.nonsense("an answer to another question"));
                };
                under_way.remove(at);
                self.done(ATTEMPT, &answer)?;
            }
            if bytes == 0 {
                break;
            }
        }
        if self.can_sync {
            let sync = |request: Request| request.text("fsync@openssh.com").text(&handle);
            self.demand("make the file durable", wire::EXTENDED, sync).await?;
        }
        self.close(&handle).await
    }
}
