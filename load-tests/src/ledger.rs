//! What was meant to be sent, written down before it is sent: the independent side of every count.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::Mutex,
};

use crate::message::Message;

/// An append-only file: number, region and content hash of each message, never a value.
pub(crate) struct Ledger {
    file: Mutex<BufWriter<File>>,
}

impl Ledger {
    /// Creates the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: Mutex::new(BufWriter::new(File::create(path)?)) })
    }

    /// Writes one message down; returns when the operating system has it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write(&self, number: usize, message: &Message) -> io::Result<()> {
        let hash = message.hash().to_string();
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        writeln!(file, "{number}\t{}\t{hash}", message.region)?;
        file.flush()
    }
}
