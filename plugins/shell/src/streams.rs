//! Reading what a program writes, as it comes.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::outcome::Captured;

/// A pipe, as long as it is open, and what came out of it.
pub(crate) type Stream<R> = (Option<R>, Captured);

/// Which of them can be read, or have been closed at the other end.
pub(crate) fn ready(descriptors: &[BorrowedFd<'_>], patience: Duration) -> io::Result<Vec<bool>> {
    let mut polled: Vec<PollFd<'_>> = descriptors
        .iter()
        .map(|descriptor| PollFd::from_borrowed_fd(*descriptor, PollFlags::IN))
        .collect();
    let patience = Timespec::try_from(patience).ok();
    match poll(&mut polled, patience.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let ready = polled.iter().map(|one| !one.revents().is_empty());
    Ok(ready.collect())
}

/// Reads once from something that is ready.
pub(crate) fn read_some<R: Read>(stream: &mut Stream<R>, most: usize) -> io::Result<()> {
    let mut buffer = [0; 16 << 10];
    let Some(source) = &mut stream.0 else {
        return Ok(());
    };
    match source.read(&mut buffer) {
        Ok(0) => stream.0 = None,
        Ok(read) => stream.1.take(&buffer[..read], most),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Reads what is there already. Returns whether there was anything.
pub(crate) fn drain<A: Read + AsFd, B: Read + AsFd>(
    out: &mut Stream<A>,
    err: &mut Stream<B>,
    most: usize,
    patience: Duration,
) -> io::Result<bool> {
    let mut any = false;
    if let Some(source) = &out.0
        && ready(&[source.as_fd()], patience)?[0]
    {
        any = true;
        read_some(out, most)?;
    }
    if let Some(source) = &err.0
        && ready(&[source.as_fd()], patience)?[0]
    {
        any = true;
        read_some(err, most)?;
    }
    Ok(any)
}
