//! A client's file on disk: read within bounds, kept beside itself before it changes, and replaced all at once.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use crate::{
    error::{AtPath as _, Code, Failure, Result},
    read::read_text_up_to,
};

/// In MiB: some clients keep all that was said beside their settings.
const MOST: u64 = 64;

/// A file as it was when it was looked at.
#[derive(Debug)]
pub(crate) struct ClientFile {
    /// Where it is; a symbolic link is followed, and stays one.
    path: PathBuf,
    /// Its text; `None` when there is no such file.
    pub(crate) text: Option<String>,
}

impl ClientFile {
    /// Reads it.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let path = crate::paths::canonical(path);
        let text = match read_text_up_to(&path, MOST) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let message = format!("{} is not UTF-8; it is left as it is", path.display());
                return Err(Failure::new(Code::ClientFile, message)
                    .fix("save it as UTF-8")
                    .into());
            }
            Err(error) => return Err(error).at_path("read", &path),
        };
        Ok(Self { path, text })
    }

    /// Where what was there before `name` came is kept.
    pub(crate) fn backup(&self, name: &str) -> PathBuf {
        let mut file: OsString = self.path.file_name().unwrap_or_default().to_owned();
        file.push(format!(".before-{name}"));
        self.path.with_file_name(file)
    }

    /// Keeps the text of now for `name`.
    pub(crate) fn keep(&self, name: &str) -> Result<Option<PathBuf>> {
        let Some(text) = &self.text else {
            return Ok(None);
        };
        let backup = self.backup(name);
        self.write(&backup, text)?;
        Ok(Some(backup))
    }

    /// Gives the file another text, unless somebody else did so since it was read.
    pub(crate) fn replace(&self, text: &str) -> Result<()> {
        let now = Self::read(&self.path)?;
        if now.text != self.text {
            let message = format!(
                "{} was changed by another program just now",
                self.path.display()
            );
            return Err(Failure::new(Code::ClientFile, message)
                .fix("try again; close the client if it keeps writing the file")
                .into());
        }
        self.write(&self.path, text)
    }

    /// Takes the file away.
    pub(crate) fn remove(&self) -> Result<()> {
        fs::remove_file(&self.path).at_path("remove", &self.path)
    }

    /// Writes beside and renames; whose it is and who may read it stays.
    fn write(&self, path: &Path, text: &str) -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder).at_path("create", folder)?;
        let temporary = tempfile::Builder::new()
            .prefix(".writing-")
            .tempfile_in(folder)
            .at_path("write in", folder)?;
        // A new file may come to hold secrets: it stays its owner's alone.
        if let Ok(old) = fs::metadata(&self.path) {
            let mode = fs::Permissions::from_mode(old.mode() & 0o7777);
            let now = temporary.as_file().metadata().at_path("read", path)?;
            if (now.uid(), now.gid()) != (old.uid(), old.gid()) {
                std::os::unix::fs::fchown(temporary.as_file(), Some(old.uid()), Some(old.gid()))
                    .at_path("keep the owner of", path)?;
            }
            fs::set_permissions(temporary.path(), mode).at_path("write", path)?;
        }
        fs::write(temporary.path(), text).at_path("write", path)?;
        temporary.as_file().sync_all().at_path("write", path)?;
        temporary
            .persist(path)
            .map(drop)
            .map_err(|error| error.error)
            .at_path("write", path)
    }
}
