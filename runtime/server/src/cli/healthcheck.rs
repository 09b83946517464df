//! `healthcheck`: asks the server that runs beside it whether it is ready, for images without a shell.
//!
//! It reads the same configuration and options as the server, so it knows where that listens. No runtime and
//! no library: one request over a plain socket, which ends in time whatever the other side does.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::output::{Answers, DONE, FAILED, USAGE, complain};
use crate::config::Config;
use crate::http::Listen;

/// For all of it. Docker and its like give up after five seconds or later.
const PATIENCE: Duration = Duration::from_secs(4);
/// More than any answer of ours has.
const MOST_BYTES: usize = 16 * 1024;

/// Asks the management port, or without one the port of `listen`; exit code 0 when the server is ready, 1 when it
/// is not or does not answer.
pub(super) fn run(config: &Config, listen: Option<Listen>) -> ExitCode {
    if config.management.listen.is_none() && config.http.tls.is_some() {
        return complain(
            "healthcheck asks over plain HTTP, and http.tls is set: give the server a management port, such as \
             --management 127.0.0.1:9090",
            USAGE,
        );
    }
    // Only the management port asks the plugins.
    let port = config.management.listen.or(listen);
    let address = reachable(port.unwrap_or(config.http.listen).address());
    match ask(address) {
        Ok((200, _)) => Answers::plain().print("ready", DONE),
        Ok((status, text)) => complain(
            &format!(
                "{address} says that it is not ready ({status}): {}",
                text.trim()
            ),
            FAILED,
        ),
        Err(error) => complain(&format!("{address} does not answer: {error}"), FAILED),
    }
}

/// Where a process of this machine finds what listens on `address`.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The status and the body of `/readyz`.
fn ask(address: SocketAddr) -> io::Result<(u16, String)> {
    let deadline = Instant::now() + PATIENCE;
    let mut stream = TcpStream::connect_timeout(&address, left(deadline)?)?;
    stream.set_write_timeout(Some(left(deadline)?))?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut piece = [0; 1024];
    while answer.len() < MOST_BYTES {
        // Each wait ends with all of them: a trickle does not make it longer.
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(late()),
            Err(error) => return Err(error),
        }
    }
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| io::Error::other("what answers there is no HTTP server"))?;
    Ok((status, body.to_owned()))
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        Err(late())
    } else {
        Ok(left)
    }
}

fn late() -> io::Error {
    io::Error::other(format!(
        "there was no answer within {} seconds",
        PATIENCE.as_secs()
    ))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers one request with `pieces`, a moment apart.
    fn server(pieces: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // What was not read when the socket is closed would take the answer with it.
            let asked = stream.read(&mut [0; 1024]).unwrap();
            assert!(asked > 0);
            for piece in pieces {
                if stream.write_all(piece.as_bytes()).is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(300));
            }
        });
        address
    }

    #[test]
    fn the_answer_may_come_in_pieces() {
        let address = server(&[
            "HTTP/1.1 503 Service",
            " Unavailable\r\n\r\nsqlite",
            " is down\n",
        ]);
        assert_eq!(ask(address).unwrap(), (503, "sqlite is down\n".to_owned()));
        let address = server(&["HTTP/1.1 200 OK\r\n\r\n"]);
        assert_eq!(ask(address).unwrap().0, 200);
    }

    #[test]
    fn what_trickles_forever_or_is_no_http_is_given_up() {
        let address = server(&["S"; 100]);
        let started = Instant::now();
        assert!(
            ask(address)
                .unwrap_err()
                .to_string()
                .contains("within 4 seconds")
        );
        assert!(started.elapsed() < PATIENCE * 2);
        let address = server(&["SSH-2.0-x\r\n"]);
        assert!(
            ask(address)
                .unwrap_err()
                .to_string()
                .contains("no HTTP server")
        );
    }

    #[test]
    fn every_interface_is_asked_by_its_loopback_address() {
        for (listens, asked) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("127.0.0.2:80", "127.0.0.2:80"),
        ] {
            assert_eq!(reachable(listens.parse().unwrap()).to_string(), asked);
        }
    }
}
