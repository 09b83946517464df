//! `create_directory`: a directory with those above it.

use std::io;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::FsError;
use crate::files::Files;
use crate::path::{Step, Steps};
use crate::place::LastLink;
use crate::walk::MAX_DEPTH;

/// A directory that exists now.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CreatedDirectory {
    /// Its path, in the form to pass back.
    pub path: String,
    /// How many directories were made; 0 when it existed.
    pub created: u64,
}

impl Files {
    /// Makes a directory and the missing ones above it. One that exists is fine.
    ///
    /// # Errors
    /// When the path is refused, the root is read-only, or something else stands in the way.
    pub fn create_directory(&self, path: &str) -> Result<CreatedDirectory, FsError> {
        let (root, Steps { steps, .. }) = self.roots.address(path)?;
        root.writable()?;
        if steps.len() > MAX_DEPTH {
            return Err(FsError::TooDeep {
                path: path.into(),
                limit: MAX_DEPTH,
            });
        }
        // Each level is checked again below; this is so that nothing is made on the way to a refusal.
        let plain = |step: &Step| {
            if let Step::Down(name) = step {
                Some(PathBuf::from(name))
            } else {
                None
            }
        };
        if steps
            .iter()
            .map(plain)
            .collect::<Option<PathBuf>>()
            .is_some_and(|path| self.roots.deny.covers(&path))
        {
            return Err(FsError::Denied { path: path.into() });
        }
        let mut created = 0;
        for end in 1..=steps.len() {
            let upto = Steps {
                steps: steps[..end].to_vec(),
                only_directory: false,
            };
            let place = self.roots.walk(root, path, upto, LastLink::Follow)?;
            match (&place.metadata, &place.name) {
                (Some(is), _) if is.is_dir() => {}
                (None, Some(name)) => match place.parent.create_dir(name) {
                    Ok(()) => created += 1,
                    // Someone was faster; the next round sees what it is.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(FsError::io("create", place.shown.as_str(), &error)),
                },
                _ => {
                    return Err(FsError::NotDirectory {
                        path: place.shown.as_str().into(),
                    });
                }
            }
        }
        let place = self.roots.walk(
            root,
            path,
            Steps {
                steps,
                only_directory: true,
            },
            LastLink::Follow,
        )?;
        place.open_dir()?;
        Ok(CreatedDirectory {
            path: place.shown,
            created,
        })
    }
}
