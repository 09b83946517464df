//! The limit on stdio: a loop that reads lines, parses them and writes answers. It checks nothing.
//!
//! usage: `raw-stdio FOLDER_OF_TEMPLATES`

use std::{
    env,
    io::{self, Read as _, Write as _},
    path::Path,
};

use mcp_factory_bench::answers::Answers;
use memchr::memchr;

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).unwrap_or_default();
    let answers = Answers::read(Path::new(&folder))?;
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    let mut buffer = vec![0; 64 << 10];
    let mut filled = 0;
    let mut out = Vec::with_capacity(64 << 10);
    loop {
        if filled == buffer.len() {
            buffer.resize(2 * filled, 0);
        }
        let count = stdin.read(&mut buffer[filled..])?;
        if count == 0 {
            return Ok(());
        }
        filled += count;
        let mut begin = 0;
        while let Some(length) = memchr(b'\n', &buffer[begin..filled]) {
            answers.answer(&buffer[begin..begin + length], &mut out)?;
            out.push(b'\n');
            begin += length + 1;
        }
        buffer.copy_within(begin..filled, 0);
        filled -= begin;
        stdout.write_all(&out)?;
        stdout.flush()?;
        out.clear();
    }
}
