//! Tables from an SFTP server: each file is fetched whole into a folder of ours, and sent from there as any other table.
//!
//! Two tasks, one file at a time. The first (`source`) looks at the server's folder, waits until a file rests, and fetches
//! it into the `spool` while that holds no other; a fetch that breaks goes on where it was. The second is the folder source
//! of tables; what it has sent it enters into the `memory` and removes from the spool, in that order. So wherever the
//! process is killed, a file is at the server only, or in the spool, or in the memory, and is never forgotten.

mod error;
mod memory;
mod source;
mod spool;

pub(crate) use source::follow;
