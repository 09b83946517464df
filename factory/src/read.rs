//! Reading what somebody else wrote: regular files only, and no more than anybody could mean.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

/// The largest manifest or source file, in MiB.
const MOST: u64 = 4;

/// The text of a file.
///
/// # Errors
/// When it is no regular file (a pipe would be waited for, a device never ends), too large, or not UTF-8.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    read_text_up_to(path, MOST)
}

/// The text of a file of at most `most` MiB.
///
/// # Errors
/// As those of `read_text`.
pub(crate) fn read_text_up_to(path: &Path, most: u64) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut text = String::new();
    File::open(path)?
        .take((most << 20) + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > most << 20 {
        return Err(io::Error::other(format!("it is larger than {most} MiB")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_not_begun() {
        assert!(read_text(Path::new("/dev/zero")).is_err());
        assert!(read_text(Path::new("/proc")).is_err());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        fs::write(&path, vec![b'a'; (4 << 20) + 1]).unwrap();
        let error = read_text(&path).unwrap_err().to_string();
        assert_eq!(error, "it is larger than 4 MiB");
        fs::write(&path, "text").unwrap();
        assert_eq!(read_text(&path).unwrap(), "text");
    }
}
