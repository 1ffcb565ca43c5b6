//! SHA-256 of bytes, of files, and of what is being written.

use std::io::{self, Read, Write};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Read at once; a file is never held whole.
const PIECE: usize = 64 * 1024;

/// The digest of bytes.
pub fn of(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The digest of bytes as lower case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&of(bytes))
}

/// The digest of everything that a reader gives, and how many bytes that was.
pub fn of_reader(mut reader: impl Read) -> io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut length = 0;
    loop {
        match reader.read(&mut piece)? {
            0 => return Ok((HEXLOWER.encode(&hasher.finalize()), length)),
            read => {
                hasher.update(&piece[..read]);
                length += read as u64;
            }
        }
    }
}

/// Passes bytes on and digests them on the way.
pub struct Digesting<W> {
    inner: W,
    hasher: Sha256,
    length: u64,
}

impl<W: Write> Digesting<W> {
    /// Around what the bytes are passed on to.
    pub fn new(inner: W) -> Self {
        Self { inner, hasher: Sha256::new(), length: 0 }
    }

    /// The digest of what was written, and how many bytes that was.
    pub fn finish(mut self) -> io::Result<(String, u64)> {
        self.inner.flush()?;
        Ok((HEXLOWER.encode(&self.hasher.finalize()), self.length))
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
