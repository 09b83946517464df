//! Files and directories at a reference.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Ask, Outcome};
use crate::config::Toolset;
use crate::error::GithubError;
use crate::exchange::failed;
use crate::git::{FilePath, Reference};
use crate::hub::Session;
use crate::repository::Repository;
use crate::url::ApiUrl;

const RAW: &str = "application/vnd.github.raw+json";

/// A file, or what is in a directory.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Contents {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    notice: Option<String>,
    path: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<Entry>>,
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<i64>,
}

/// An entry of a directory.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct Entry {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    size: i64,
}

/// The whole of a file.
#[derive(Debug)]
pub(crate) enum Whole {
    Text(String),
    Bytes(Vec<u8>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    Directory(Vec<WireEntry>),
    Other(Box<WireEntry>),
}

#[derive(Deserialize)]
struct WireEntry {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    sha: String,
    #[serde(default)]
    size: i64,
    content: Option<String>,
    encoding: Option<String>,
    target: Option<String>,
}

impl Session<'_> {
    /// A file from byte `offset` on, or a directory.
    pub(crate) async fn contents(
        &mut self,
        owner: &str,
        repo: &str,
        path: &str,
        reference: Option<&str>,
        offset: u64,
    ) -> Result<Contents, GithubError> {
        let path = FilePath::new(path)?;
        let reference = Reference::optional("ref", reference)?;
        let reading = self.read(Toolset::Repos, owner, repo).await?;
        self.not_an_outsiders(&reading.repository, reference.as_ref())?;
        let listed = self
            .listed(&reading.repository, &path, reference.as_ref())
            .await?;
        let mut lens = self.lens(&reading.repository);
        lens.shows();
        let mut contents = Contents {
            path: path.as_str().to_owned(),
            ..Contents::default()
        };
        match listed {
            Listed::Directory(entries) => {
                "dir".clone_into(&mut contents.kind);
                let mut shown = Vec::new();
                for entry in entries {
                    if !lens.takes(60) {
                        break;
                    }
                    shown.push(Entry {
                        name: lens.line(&entry.name),
                        kind: entry.kind,
                        size: entry.size,
                    });
                }
                contents.entries = Some(shown);
            }
            Listed::Other(entry) => {
                contents.sha = Some(entry.sha.clone());
                contents.size = Some(entry.size);
                contents.kind.clone_from(&entry.kind);
                match entry.kind.as_str() {
                    // Where a submodule is kept is another repository's business.
                    "submodule" => {}
                    "symlink" => contents.text = entry.target.map(|target| lens.line(&target)),
                    _ => {
                        let bytes = self
                            .bytes(&reading.repository, &path, reference.as_ref(), *entry)
                            .await?;
                        let (text, next) = part(&bytes, offset, lens.room())?;
                        contents.next_offset = next;
                        contents.text = text.map(|text| lens.code(text));
                    }
                }
            }
        }
        contents.truncated = lens.is_cut() || contents.next_offset.is_some();
        let mut notice = self.notice(&reading, &lens)?.unwrap_or_default();
        if contents.kind == "file" && contents.text.is_none() {
            notice.push_str(" It is no text; read the resource for its bytes.");
        }
        if contents.kind == "file" && lens.invisible() > 0 {
            notice.push_str(" Writing this text back would remove them from the file.");
        }
        contents.notice = Some(notice);
        Ok(contents)
    }

    /// A whole file, for the resource: bytes as they are, text without what cannot be seen.
    pub(crate) async fn whole(
        &mut self,
        owner: &str,
        repo: &str,
        path: &str,
        reference: Option<&str>,
    ) -> Result<Whole, GithubError> {
        let path = FilePath::of_file(path)?;
        let reference = Reference::optional("ref", reference)?;
        let reading = self.read(Toolset::Repos, owner, repo).await?;
        self.not_an_outsiders(&reading.repository, reference.as_ref())?;
        let what = format!("{}: {}", reading.repository, path.as_str());
        let entry = match self
            .listed(&reading.repository, &path, reference.as_ref())
            .await?
        {
            Listed::Other(entry) if entry.kind == "file" => *entry,
            _ => {
                return Err(GithubError::WrongKind {
                    what,
                    kind: "directory, link or submodule",
                    remedy: "use get_file_contents",
                });
            }
        };
        let bytes = self
            .bytes(&reading.repository, &path, reference.as_ref(), entry)
            .await?;
        let mut lens = self.lens(&reading.repository);
        if bytes.len() > lens.room() {
            return Err(GithubError::WrongKind {
                what,
                kind: "file larger than this server shows as a whole",
                remedy: "read it in parts with get_file_contents",
            });
        }
        lens.shows();
        self.notice(&reading, &lens)?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Whole::Text(lens.code(&text)),
            Ok(text) => Whole::Bytes(text.into_bytes()),
            Err(error) => Whole::Bytes(error.into_bytes()),
        })
    }

    /// Paths below a directory that begin with `typed`; directories end with a slash.
    pub(crate) async fn paths(
        &mut self,
        owner: &str,
        repo: &str,
        reference: Option<&str>,
        typed: &str,
    ) -> Result<Vec<String>, GithubError> {
        let (directory, begin) = typed.rsplit_once('/').unwrap_or(("", typed));
        let contents = self.contents(owner, repo, directory, reference, 0).await?;
        let prefix = &typed[..typed.len() - begin.len()];
        let entries = contents.entries.unwrap_or_default().into_iter();
        Ok(entries
            .filter(|entry| entry.name.starts_with(begin))
            .map(|entry| {
                let slash = if entry.kind == "dir" { "/" } else { "" };
                format!("{prefix}{}{slash}", entry.name)
            })
            .take(100)
            .collect())
    }

    /// Under lockdown, the commits of pull requests cannot be read by their own names.
    pub(crate) fn not_an_outsiders(
        &self,
        repository: &Repository,
        reference: Option<&Reference>,
    ) -> Result<(), GithubError> {
        match reference {
            Some(reference) if self.hub.settings.lockdown && reference.is_pull_request() => {
                Err(GithubError::Withheld {
                    what: format!("{repository}: {reference}"),
                })
            }
            _ => Ok(()),
        }
    }

    async fn listed(
        &mut self,
        repository: &Repository,
        path: &FilePath,
        reference: Option<&Reference>,
    ) -> Result<Listed, GithubError> {
        let what = format!("{repository}: {}", path.as_str());
        self.ask(&Ask::get(&what, address(repository, path, reference)))
            .await?
            .json()
    }

    /// The bytes of a file: in the answer already, unless it is larger than GitHub puts there.
    async fn bytes(
        &mut self,
        repository: &Repository,
        path: &FilePath,
        reference: Option<&Reference>,
        entry: WireEntry,
    ) -> Result<Vec<u8>, GithubError> {
        if let (Some("base64"), Some(content)) = (entry.encoding.as_deref(), entry.content) {
            let packed: String = content.split_whitespace().collect();
            return STANDARD
                .decode(packed)
                .map_err(|_| GithubError::Unavailable {
                    reason: "a file that cannot be decoded".to_owned(),
                });
        }
        let what = format!("{repository}: {}", path.as_str());
        let ask = Ask::get(&what, address(repository, path, reference)).accept(RAW);
        match self.open_answer(&ask).await? {
            Outcome::Open(response) => match response.bytes().await {
                Ok(bytes) => Ok(bytes.to_vec()),
                Err(mcp_factory_outbound::OutboundError::TooLarge { .. }) => {
                    Err(GithubError::TooLarge { what })
                }
                Err(error) => Err(failed(&error, false)),
            },
            Outcome::Kept(answer) => Ok(answer.body.to_vec()),
            Outcome::Elsewhere(_) => Err(GithubError::TooLarge { what }),
        }
    }
}

fn address(repository: &Repository, path: &FilePath, reference: Option<&Reference>) -> ApiUrl {
    ApiUrl::repository(repository)
        .segment("contents")
        .file(path)
        .with_some("ref", reference.map(Reference::as_str))
}

/// At most `most` bytes of text from `offset` on, and where it goes on; no text when it is none.
fn part(
    bytes: &[u8],
    offset: u64,
    most: usize,
) -> Result<(Option<&str>, Option<i64>), GithubError> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok((None, None));
    };
    if text.contains('\0') {
        return Ok((None, None));
    }
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    if start > 0 && start >= text.len() || !text.is_char_boundary(start) {
        return Err(GithubError::argument(
            "offset",
            format!(
                "must be 0 or a `next_offset` of this file, which has {} bytes",
                text.len()
            ),
        ));
    }
    let mut end = start.saturating_add(most).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let next = (end < text.len()).then(|| i64::try_from(end).unwrap_or(i64::MAX));
    Ok((Some(&text[start..end]), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_in_parts() {
        let text = "aäbäc".as_bytes();
        assert_eq!(part(text, 0, 2), Ok((Some("a"), Some(1))));
        assert_eq!(part(text, 1, 3), Ok((Some("äb"), Some(4))));
        assert_eq!(part(text, 4, 99), Ok((Some("äc"), None)));
        assert!(
            part(text, 2, 9).is_err()
                && part(text, 7, 9).is_err()
                && part(text, u64::MAX, 9).is_err()
        );
        assert_eq!(part(b"", 0, 9), Ok((Some(""), None)));
        assert_eq!(part(b"\xff", 0, 9), Ok((None, None)));
        assert_eq!(part(b"a\0", 0, 9), Ok((None, None)));
    }
}
