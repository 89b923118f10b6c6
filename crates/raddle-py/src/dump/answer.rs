//! An answer on its way: how many bytes it has, then these.

use std::io::{self, ErrorKind, Read, Write};

/// More than this is no answer, in bytes.
const MOST: u64 = 1 << 30;

pub(super) fn write(to: &mut impl Write, answer: &[u8]) -> io::Result<()> {
    to.write_all(&(answer.len() as u64).to_le_bytes())?;
    to.write_all(answer)
}

/// Reads one, and no byte after it.
pub(super) fn read(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    let mut answer = Vec::new();
    from.take(length.min(MOST)).read_to_end(&mut answer)?;
    if answer.len() as u64 == length {
        Ok(answer)
    } else {
        Err(ErrorKind::UnexpectedEof.into())
    }
}
