//! `read_text_file` and `read_multiple_files`: text, by lines, within a byte limit.

use std::io::{Read, Seek, SeekFrom};

use cap_std::fs::{File, Metadata};
use schemars::JsonSchema;
use serde::Serialize;

use crate::encoding::Encoding;
use crate::error::FsError;
use crate::files::Files;
use crate::lines::{self, Picked, Wanted};
use crate::place::LastLink;
use crate::{at_once, capped, hash, time};

/// The largest file that is read as a whole, in bytes: to count its lines and hash it, and to find lines in it.
pub(crate) const WHOLE_FILE: u64 = 16 << 20;

/// Text from a file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TextFile {
    /// The file's path, in the form to pass back.
    pub path: String,
    /// The lines asked for, unchanged but for a byte order mark.
    #[serde(serialize_with = "mcp_factory_sdk::json_text::serialize")]
    #[schemars(with = "String")]
    pub content: String,
    /// How the bytes were read: `utf-8`, `utf-16le`, `utf-16be` or `latin1`.
    pub encoding: &'static str,
    /// Size of the whole file in bytes.
    pub size: u64,
    /// When it was last changed, RFC 3339.
    pub mtime: String,
    /// SHA-256 of the whole file in hexadecimal, for `if_sha256`. Absent for files above 16 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// How many lines the whole file has. Absent for files above 16 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_lines: Option<u64>,
    /// The number of the first line in `content`, counted from 1. Absent when not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_line: Option<u64>,
    /// True when `content` is not the whole file.
    pub truncated: bool,
    /// Pass this as `offset` to go on, when lines follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_offset: Option<u64>,
}

/// Which text to read.
#[derive(Clone, Debug, Default)]
pub struct TextRequest {
    /// The file.
    pub path: String,
    /// The first so many lines.
    pub head: Option<u64>,
    /// The last so many lines.
    pub tail: Option<u64>,
    /// Number of the first line wanted, from 1.
    pub offset: Option<u64>,
    /// At most so many lines.
    pub limit: Option<u64>,
    /// How bytes become text.
    pub encoding: Encoding,
}

impl TextRequest {
    /// The whole file.
    pub fn whole(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            ..Self::default()
        }
    }

    pub(crate) fn wanted(&self) -> Result<Wanted, FsError> {
        let refuse = |what: &str| {
            Err(FsError::Argument(format!(
                "{what}; pass head, or tail, or offset with limit"
            )))
        };
        match (self.head, self.tail, self.offset.unwrap_or(1), self.limit) {
            (Some(_), Some(_), ..) => refuse("head and tail exclude each other"),
            (Some(_), None, offset, limit) if offset != 1 || limit.is_some() => {
                refuse("head means offset 1 with a limit")
            }
            (None, Some(_), offset, limit) if offset != 1 || limit.is_some() => {
                refuse("tail counts from the end, offset and limit from the start")
            }
            (_, _, 0, _) => refuse("lines are counted from 1, so there is no offset 0"),
            (None, Some(last), ..) => Ok(Wanted::Last(last)),
            (head, None, offset, limit) => Ok(Wanted::From {
                offset,
                limit: head.or(limit),
            }),
        }
    }
}

impl Files {
    /// Reads text.
    ///
    /// # Errors
    /// When the path is refused, is no regular text file, or the lines do not exist.
    pub fn read_text(&self, request: &TextRequest) -> Result<TextFile, FsError> {
        self.read_text_within(request, self.limits.read_bytes)
    }

    /// As [`Self::read_text`], for a small file that the kernel has in memory; `None` when it cannot be told without
    /// waiting, or what goes wrong would have to be explained.
    pub fn read_text_at_once(&self, request: &TextRequest) -> Option<Result<TextFile, FsError>> {
        let wanted = request.wanted().ok()?;
        let seen = self.look_at_once(&request.path)?;
        if seen.metadata.len() > at_once::MOST {
            return None;
        }
        let (bytes, metadata) = seen.read(at_once::MOST)?;
        if metadata.len() > at_once::MOST {
            return None;
        }
        let shown = seen.shown(self);
        let budget = self.limits.read_bytes;
        Some(text_of_all(
            request,
            wanted,
            budget,
            (bytes, &metadata),
            shown,
        ))
    }

    /// As [`Self::read_text`] with another byte limit.
    pub(crate) fn read_text_within(
        &self,
        request: &TextRequest,
        budget: u64,
    ) -> Result<TextFile, FsError> {
        let wanted = request.wanted()?;
        let place = self.roots.resolve(&request.path, LastLink::Follow)?;
        let (mut file, metadata) = self.roots.open_file(&place)?;
        let shown = place.shown.as_str();
        let failed = |error: std::io::Error| FsError::io("read", shown, &error);

        let (bytes, more) = capped::read(&mut file, WHOLE_FILE, metadata.len()).map_err(failed)?;
        if !more {
            return text_of_all(request, wanted, budget, (bytes, &metadata), place.shown);
        }
        let encoding = request.encoding.of(&bytes);
        let picked = match wanted {
            Wanted::Last(count) => {
                let end = end_of(&mut file, budget).map_err(failed)?;
                let text = encoding.decode(whole_characters(end, encoding), false, shown)?;
                lines::last_of_part(&text, count, budget)
            }
            Wanted::From { offset, .. } => {
                let text = request.encoding.decode(bytes, true, shown)?;
                lines::pick(&text, wanted, budget, true).map_err(|_| FsError::TooFarIn {
                    path: shown.into(),
                    offset,
                    limit: WHOLE_FILE,
                })?
            }
        };
        let size = metadata.len();
        Ok(text_file(
            place.shown,
            encoding,
            size,
            None,
            picked,
            &metadata,
        ))
    }
}

/// What is wanted of a file that was read to its end.
fn text_of_all(
    request: &TextRequest,
    wanted: Wanted,
    budget: u64,
    (bytes, metadata): (Vec<u8>, &Metadata),
    shown: String,
) -> Result<TextFile, FsError> {
    let encoding = request.encoding.of(&bytes);
    let size = bytes.len() as u64;
    let sha256 = hash::sha256(&bytes);
    let text = request.encoding.decode(bytes, false, &shown)?;
    let picked = match lines::all(text, wanted, budget) {
        Ok(all) => all,
        Err(text) => {
            lines::pick(&text, wanted, budget, false).map_err(|lines| FsError::NoSuchLine {
                path: shown.as_str().into(),
                lines,
                offset: match wanted {
                    Wanted::From { offset, .. } => offset,
                    Wanted::Last(_) => 0,
                },
            })?
        }
    };
    Ok(text_file(
        shown,
        encoding,
        size,
        Some(sha256),
        picked,
        metadata,
    ))
}

fn text_file(
    path: String,
    encoding: Encoding,
    size: u64,
    sha256: Option<String>,
    picked: Picked,
    metadata: &Metadata,
) -> TextFile {
    TextFile {
        path,
        content: picked.content,
        encoding: encoding.name(),
        size,
        mtime: time::modified(metadata),
        sha256,
        total_lines: picked.total,
        first_line: picked.first,
        truncated: picked.truncated,
        next_offset: picked.next,
    }
}

/// The last `budget` bytes of a file, from the first line that begins in them.
fn end_of(file: &mut File, budget: u64) -> std::io::Result<Vec<u8>> {
    let size = file.seek(SeekFrom::End(0))?;
    // An even distance keeps UTF-16 pairs together in files of even size.
    file.seek(SeekFrom::Start(size.saturating_sub(budget & !1)))?;
    let mut bytes = Vec::new();
    file.take(budget).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Drops the beginning of a part of a file up to where a character begins.
fn whole_characters(mut bytes: Vec<u8>, encoding: Encoding) -> Vec<u8> {
    let skip = match encoding {
        Encoding::Utf16le | Encoding::Utf16be => 0,
        _ => bytes
            .iter()
            .take(3)
            .take_while(|&&byte| byte & 0xC0 == 0x80)
            .count(),
    };
    bytes.drain(..skip);
    bytes
}

/// What became of one of several files.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FileOrError {
    /// The path, as it was asked for.
    pub path: String,
    /// The text of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// SHA-256 of the whole file, for `if_sha256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Pass this to `read_text_file` as `offset` to go on, when the content was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_offset: Option<u64>,
    /// Why there is no content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Several files.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ManyFiles {
    /// In the order asked for.
    pub files: Vec<FileOrError>,
    /// True when some content was cut or left out because the answer became too long.
    pub truncated: bool,
}

impl Files {
    /// Reads several text files. One that fails does not spoil the others, and together they stay within
    /// the byte limit of one answer.
    ///
    /// # Errors
    /// When none or more than 50 are asked for.
    pub fn read_many(&self, paths: &[String]) -> Result<ManyFiles, FsError> {
        if paths.is_empty() || paths.len() > 50 {
            return Err(FsError::Argument(format!(
                "paths holds {} paths; pass 1 to 50",
                paths.len()
            )));
        }
        let mut left = self.limits.read_bytes;
        let mut truncated = false;
        let files = paths
            .iter()
            .map(|path| {
                let mut entry = FileOrError {
                    path: path.clone(),
                    content: None,
                    sha256: None,
                    next_offset: None,
                    error: None,
                };
                if left == 0 {
                    truncated = true;
                    entry.error =
                        Some("left out: the answer is full; read this file by itself".to_owned());
                    return entry;
                }
                match self.read_text_within(&TextRequest::whole(path), left) {
                    Ok(text) => {
                        left = left.saturating_sub(text.content.len() as u64);
                        truncated |= text.truncated;
                        entry.content = Some(text.content);
                        entry.sha256 = text.sha256;
                        entry.next_offset = text.next_offset;
                    }
                    Err(error) => entry.error = Some(error.to_string()),
                }
                entry
            })
            .collect();
        Ok(ManyFiles { files, truncated })
    }
}
