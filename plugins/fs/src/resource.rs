//! Files as resources, `fs://root/path`, and the completion of such paths.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::entry::{EntryType, entries};
use crate::error::FsError;
use crate::files::Files;
use crate::path::{self, Steps, below};
use crate::place::{LastLink, Place};
use crate::root::Root;
use crate::{capped, media};

/// The most completions that are offered.
const MOST_COMPLETIONS: usize = 100;

/// The whole content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceFile {
    /// Media type by content.
    pub mime_type: &'static str,
    /// What is in it.
    pub content: ResourceContent,
}

/// Text or bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceContent {
    /// A file that is UTF-8.
    Text(String),
    /// Any other file.
    Bytes(Vec<u8>),
}

impl Files {
    /// Reads a whole file by the name of its root and its path below it.
    ///
    /// # Errors
    /// When there is no such root, the path is refused or is no regular file, or the file is larger than
    /// `max_read_bytes` (text) or `max_media_bytes` (other).
    pub fn resource(&self, root: &str, below_root: &str) -> Result<ResourceFile, FsError> {
        let place = self.place_in(root, below_root)?;
        let (mut file, metadata) = self.roots.open_file(&place)?;
        let most = self.limits.read_bytes.max(self.limits.media_bytes);
        let (bytes, more) = capped::read(&mut file, most, metadata.len())
            .map_err(|error| FsError::io("read", place.shown.as_str(), &error))?;
        let mime_type = media::mime_type(&bytes, more);
        let content = match String::from_utf8(bytes) {
            Ok(text) if mime_type.starts_with("text/") => ResourceContent::Text(text),
            Ok(text) => ResourceContent::Bytes(text.into_bytes()),
            Err(error) => ResourceContent::Bytes(error.into_bytes()),
        };
        let (size, limit) = match &content {
            ResourceContent::Text(text) => (text.len() as u64, self.limits.read_bytes),
            ResourceContent::Bytes(bytes) => (bytes.len() as u64, self.limits.media_bytes),
        };
        if more || size > limit {
            return Err(FsError::TooLarge {
                path: place.shown.as_str().into(),
                size: metadata.len().max(size),
                limit,
                remedy: "read it in parts with read_text_file",
            });
        }
        Ok(ResourceFile { mime_type, content })
    }

    /// The names of roots that begin with `typed`.
    pub fn complete_root(&self, typed: &str) -> Vec<String> {
        self.roots
            .iter()
            .map(|root| root.name.clone())
            .filter(|name| name.starts_with(typed))
            .collect()
    }

    /// The paths in a root that begin with `typed`: the entries of one directory, at most 100. Directories end
    /// with a slash. Nothing is offered where nothing can be listed.
    pub fn complete_path(&self, root: Option<&str>, typed: &str) -> Vec<String> {
        let (directory, begin) = typed
            .rsplit_once('/')
            .map_or(("", typed), |(directory, begin)| (directory, begin));
        let prefix = &typed[..typed.len() - begin.len()];
        let root = root.or_else(|| self.roots.iter().next().map(|root| root.name.as_str()));
        let place = root.and_then(|root| self.place_in(root, directory).ok());
        let Some((place, (list, _))) = place.and_then(|place| {
            let list = entries(&*place.open_dir().ok()?, self.limits.entries).ok()?;
            Some((place, list))
        }) else {
            return Vec::new();
        };
        list.into_iter()
            .filter(|entry| !self.roots.deny.covers(&below(&place.path, &entry.name)))
            .filter_map(|entry| {
                let slash = if entry.kind == EntryType::Directory {
                    "/"
                } else {
                    ""
                };
                let name = entry.name.to_str().filter(|name| name.starts_with(begin))?;
                Some(format!("{prefix}{name}{slash}"))
            })
            .take(MOST_COMPLETIONS)
            .collect()
    }

    fn place_in(&self, root: &str, below_root: &str) -> Result<Place<'_>, FsError> {
        let named = self
            .roots
            .named(root)
            .ok_or_else(|| FsError::Outside { path: root.into() })?;
        if !below_root.is_empty() {
            path::check(below_root)?;
        }
        self.roots.walk(
            named,
            below_root,
            Steps::parse(below_root.as_ref()),
            LastLink::Follow,
        )
    }
}

/// The URI of a file.
pub(crate) fn uri(root: &Root, path: &Path) -> String {
    let mut uri = String::from("fs://");
    encode(&mut uri, root.name.as_bytes());
    uri.push('/');
    encode(&mut uri, path.as_os_str().as_bytes());
    uri
}

/// Percent-encodes all but what a path may hold as it is.
fn encode(uri: &mut String, bytes: &[u8]) {
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            write!(uri, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
}
