//! Load over HTTP/1.1: plain sockets that stay open, one request at a time on each, every answer compared.

use std::{
    io::{self, Read as _, Write as _},
    net::SocketAddr,
    time::{Duration, Instant},
};

use memchr::memmem;
use mio::{Events, Interest, Poll, Token, net::TcpStream};
use serde_json::Value;

use crate::{
    measure::{Bounds, Measure},
    proc::resident_kib,
    work::{FIRST, NUMBERS, Numbered, Work},
};

/// How long any answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// One kind of load.
#[derive(Debug)]
pub struct Load {
    /// Where the server is.
    pub address: SocketAddr,
    /// Its process.
    pub pid: u32,
    /// Connections that send.
    pub connections: usize,
    /// Connections that sent one request and are then kept open.
    pub idle: usize,
    /// How much of it.
    pub bounds: Bounds,
}

/// From the last answer until a connection counts as idle.
const IDLE: Duration = Duration::from_secs(2);

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    number: u32,
    sent: Instant,
}

impl Load {
    /// Runs it. An answer that is not the right one ends it.
    pub fn run(&self, work: &Work) -> io::Result<Value> {
        let mut request = work.http(&self.address.to_string());
        let (mut answer, before) = (self.first(work, &mut request)?, resident_kib(self.pid)?);
        let held = self.hold(&mut request, &mut answer)?;
        if !held.is_empty() {
            // Idle is who has not been heard for a moment.
            std::thread::sleep(IDLE);
        }
        let with_idle = resident_kib(self.pid)?;
        let mut report = self.measure(&mut request, &mut answer)?;
        report["rss_before_kib"] = before.into();
        report["rss_idle_kib"] = with_idle.into();
        drop(held);
        Ok(report)
    }

    /// Asks once, and has the answer judged.
    fn first(&self, work: &Work, request: &mut Numbered) -> io::Result<Numbered> {
        let mut stream = self.connect()?;
        let body = exchange(&mut stream, request.with(FIRST))?;
        work.judge(&body).map_err(io::Error::other)?;
        Ok(Numbered::new(body))
    }

    fn connect(&self) -> io::Result<std::net::TcpStream> {
        let stream = std::net::TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    fn hold(
        &self,
        request: &mut Numbered,
        answer: &mut Numbered,
    ) -> io::Result<Vec<std::net::TcpStream>> {
        let mut held = Vec::with_capacity(self.idle);
        for number in (FIRST..).take(self.idle) {
            let mut stream = self.connect()?;
            let body = exchange(&mut stream, request.with(number))?;
            compare(&body, answer.with(number))?;
            held.push(stream);
        }
        Ok(held)
    }

    fn measure(&self, request: &mut Numbered, answer: &mut Numbered) -> io::Result<Value> {
        let mut poll = Poll::new()?;
        let mut number = FIRST;
        let mut next = || {
            number = if number + 1 < FIRST + NUMBERS {
                number + 1
            } else {
                FIRST
            };
            number
        };
        let mut connections = Vec::with_capacity(self.connections);
        for index in 0..self.connections {
            let stream = self.connect()?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry()
                .register(&mut stream, Token(index), Interest::READABLE)?;
            let buffer = Vec::with_capacity(16 << 10);
            let mut connection = Connection {
                stream,
                buffer,
                number: 0,
                sent: Instant::now(),
            };
            connection.send(next(), request)?;
            connections.push(connection);
        }
        let mut measure = Measure::new(self.pid, self.bounds);
        let mut events = Events::with_capacity(1024);
        'load: loop {
            poll.poll(&mut events, Some(PATIENCE))?;
            if events.is_empty() {
                return Err(io::Error::other("no answer for a long time"));
            }
            for event in &events {
                let connection = &mut connections[event.token().0];
                let number = connection.number;
                let Some(body) = connection.receive()? else {
                    continue;
                };
                compare(body, answer.with(number))?;
                let now = Instant::now();
                if !measure.count(connection.sent, now)? {
                    break 'load;
                }
                connection.buffer.clear();
                connection.send(next(), request)?;
            }
        }
        measure.report()
    }
}

impl Connection {
    fn send(&mut self, number: u32, request: &mut Numbered) -> io::Result<()> {
        (self.number, self.sent) = (number, Instant::now());
        // Far smaller than any socket's buffer, which is empty.
        self.stream.write_all(request.with(number))
    }

    /// The body of a whole answer, when it is whole.
    fn receive(&mut self) -> io::Result<Option<&[u8]>> {
        let mut bytes = [0; 16 << 10];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(closed(&self.buffer)),
                Ok(count) => {
                    self.buffer.extend_from_slice(&bytes[..count]);
                    // Less than there was room for: the socket is empty, and tells when it is not.
                    if count < bytes.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let Some((head, length)) = head(&self.buffer)? else {
            return Ok(None);
        };
        Ok(self.buffer.get(head..head + length))
    }
}

/// Sends a request and reads its whole answer; its body.
fn exchange(stream: &mut std::net::TcpStream, request: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(request)?;
    let (mut buffer, mut bytes) = (Vec::new(), [0; 16 << 10]);
    loop {
        if let Some((head, length)) = head(&buffer)?
            && buffer.len() >= head + length
        {
            return Ok(buffer[head..head + length].to_vec());
        }
        match stream.read(&mut bytes)? {
            0 => return Err(closed(&buffer)),
            count => buffer.extend_from_slice(&bytes[..count]),
        }
    }
}

/// The lengths of the head and of the body, once the head is there.
fn head(bytes: &[u8]) -> io::Result<Option<(usize, usize)>> {
    const LENGTH: &[u8] = b"content-length:";
    let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    let wrong = || {
        let shown = &bytes[..bytes.len().min(800)];
        io::Error::other(format!(
            "a wrong answer: {}",
            String::from_utf8_lossy(shown)
        ))
    };
    if !bytes.starts_with(b"HTTP/1.1 200") {
        return Err(wrong());
    }
    let line = bytes[..end].split(|byte| *byte == b'\n').find(|line| {
        line.get(..LENGTH.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(LENGTH))
    });
    let value = line.and_then(|line| std::str::from_utf8(&line[LENGTH.len()..]).ok());
    let length = value
        .and_then(|value| value.trim().parse().ok())
        .ok_or_else(wrong)?;
    Ok(Some((end + 4, length)))
}

fn compare(answer: &[u8], wanted: &[u8]) -> io::Result<()> {
    if answer == wanted || differ_in_trace_only(answer, wanted) {
        return Ok(());
    }
    let shown = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
    Err(io::Error::other(format!(
        "an answer is\n{}\nand not\n{}",
        shown(answer),
        shown(wanted)
    )))
}

/// Whether all but the id of their trace is the same, which each call of a server that sends traces has of its own.
fn differ_in_trace_only(answer: &[u8], wanted: &[u8]) -> bool {
    const NAME: &[u8] = b"\"traceparent\":\"";
    const LENGTH: usize = 55;
    let Some(id) = memmem::find(wanted, NAME).map(|place| place + NAME.len()) else {
        return false;
    };
    answer.get(..id) == wanted.get(..id) && answer.get(id + LENGTH..) == wanted.get(id + LENGTH..)
}

fn closed(bytes: &[u8]) -> io::Error {
    io::Error::other(format!(
        "the server closed a connection after {}",
        String::from_utf8_lossy(bytes)
    ))
}
