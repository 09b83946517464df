//! File descriptors 0 and 1, taken away from everybody else.
//!
//! What stdin and stdout are decides how they are read: pipes and sockets
//! (what clients use) take part in the runtime's polling; files and terminals
//! cannot, so a thread waits for those.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;

/// Where messages come from.
pub(crate) type Input = Box<dyn AsyncRead + Send + Unpin>;

/// The wire, before a runtime exists.
#[derive(Debug)]
pub(crate) struct Wire {
    stdin: OwnedFd,
    stdout: OwnedFd,
}

impl Wire {
    /// Takes both descriptors. From here on 1 is stderr and 0 is empty, for this
    /// process and whatever it starts, so no `println!` of a plugin reaches the
    /// wire and no child process eats a message. Call it before any plugin runs.
    pub(crate) fn claim() -> io::Result<Self> {
        let stdin = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
        let stdout = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
        rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        Ok(Self { stdin, stdout })
    }

    /// Registers both with the runtime that this is called in.
    pub(crate) fn open(self) -> io::Result<(Input, Output)> {
        Ok((input(self.stdin)?, output(self.stdout)?))
    }
}

fn input(stdin: OwnedFd) -> io::Result<Input> {
    let file = File::from(stdin);
    let kind = file.metadata()?.file_type();
    if kind.is_fifo() {
        let restore = Restore(file.as_fd().try_clone_to_owned()?);
        let receiver = pipe::Receiver::from_file(file)?;
        Ok(Box::new(Guarded {
            inner: receiver,
            _restore: restore,
        }))
    } else if kind.is_socket() {
        let (inner, restore) = socket(file)?;
        Ok(Box::new(Guarded {
            inner,
            _restore: restore,
        }))
    } else {
        Ok(Box::new(read_by_thread(file)?))
    }
}

fn output(stdout: OwnedFd) -> io::Result<Output> {
    let file = File::from(stdout);
    let kind = file.metadata()?.file_type();
    if kind.is_fifo() {
        let restore = Restore(file.as_fd().try_clone_to_owned()?);
        let sender = pipe::Sender::from_file(file)?;
        Ok(Output::polled(Guarded {
            inner: sender,
            _restore: restore,
        }))
    } else if kind.is_socket() {
        let (inner, restore) = socket(file)?;
        Ok(Output::polled(Guarded {
            inner,
            _restore: restore,
        }))
    } else {
        Ok(Output::Blocking(Arc::new(file)))
    }
}

fn socket(file: File) -> io::Result<(UnixStream, Restore)> {
    let socket = StdUnixStream::from(OwnedFd::from(file));
    let restore = Restore(socket.as_fd().try_clone_to_owned()?);
    socket.set_nonblocking(true)?;
    Ok((UnixStream::from_std(socket)?, restore))
}

/// A terminal's read may never return, so this thread belongs to nobody and ends with the process.
fn read_by_thread(mut file: File) -> io::Result<tokio::io::DuplexStream> {
    let (near, mut far) = tokio::io::duplex(64 << 10);
    let runtime = tokio::runtime::Handle::current();
    std::thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            loop {
                match file.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(read) => {
                        if runtime.block_on(far.write_all(&buffer[..read])).is_err() {
                            break;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        tracing::warn!(%error, "stdin cannot be read");
                        break;
                    }
                }
            }
        })?;
    Ok(near)
}

/// Where messages go.
pub(crate) enum Output {
    /// Takes part in the runtime's polling.
    Polled(Box<dyn AsyncWrite + Send + Unpin>),
    /// A file or a terminal: written on the blocking pool.
    Blocking(Arc<File>),
}

impl std::fmt::Debug for Output {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Polled(_) => "Polled",
            Self::Blocking(_) => "Blocking",
        })
    }
}

impl Output {
    pub(crate) fn polled(output: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        Self::Polled(Box::new(output))
    }

    /// Writes everything and gives the buffer back for the next time.
    pub(super) async fn write_all(&mut self, buffer: Vec<u8>) -> io::Result<Vec<u8>> {
        match self {
            Self::Polled(output) => {
                output.write_all(&buffer).await?;
                output.flush().await?;
                Ok(buffer)
            }
            Self::Blocking(file) => {
                let file = Arc::clone(file);
                let write = move || (&*file).write_all(&buffer).map(|()| buffer);
                tokio::task::spawn_blocking(write)
                    .await
                    .map_err(io::Error::other)?
            }
        }
    }
}

/// Makes a descriptor block again: whoever shares it with us did not ask for anything else.
#[derive(Debug)]
struct Restore(OwnedFd);

impl Drop for Restore {
    fn drop(&mut self) {
        if let Err(error) = rustix::io::ioctl_fionbio(&self.0, false) {
            tracing::debug!(%error, "a descriptor stays non-blocking");
        }
    }
}

/// An endpoint that is put back as it was found.
struct Guarded<T> {
    inner: T,
    _restore: Restore,
}

mod delegate {
    //! The plain forwarding that makes a guarded endpoint an endpoint.

    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    use super::Guarded;

    impl<T: AsyncRead + Unpin> AsyncRead for Guarded<T> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.inner).poll_read(cx, buffer)
        }
    }

    impl<T: AsyncWrite + Unpin> AsyncWrite for Guarded<T> {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: &[u8],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.inner).poll_write(cx, buffer)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.inner).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.inner).poll_shutdown(cx)
        }
    }
}
