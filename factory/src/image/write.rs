//! An image becomes one file or one folder, all at once: nobody sees half of it.

use std::{fs, io::Write as _, path::Path};

use crate::error::{AtPath as _, Code, Failure, Result};

use super::{Image, layer::file};

const LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
/// The files by which a layout is known.
const MARK: &str = "oci-layout";
const INDEX: &str = "index.json";

impl Image {
    /// Every file, in the order in which it is written.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<(String, Vec<u8>)> = self
            .blobs
            .files()
            .map(|(path, bytes)| (path, bytes.to_vec()))
            .collect();
        files.push((INDEX.to_owned(), self.index.to_string().into_bytes()));
        if let Some(docker) = &self.docker {
            files.push(("manifest.json".to_owned(), docker.to_string().into_bytes()));
        }
        files.push((MARK.to_owned(), LAYOUT.to_vec()));
        files
    }
}

/// Writes one tar that is both an OCI layout and, for one architecture, what `docker load` takes. Returns its
/// size in bytes.
pub(crate) fn write_archive(image: &Image, path: &Path) -> Result<u64> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder).at_path("create", folder)?;
    let mut temporary = tempfile::Builder::new()
        .prefix(".writing-")
        .tempfile_in(folder)
        .at_path("write in", folder)?;
    let mut builder = tar::Builder::new(temporary.as_file_mut());
    for (name, contents) in image.files() {
        file(&mut builder, &name, &contents, 0o644).at_path("write", path)?;
    }
    let file = builder.into_inner().at_path("write", path)?;
    file.flush().at_path("write", path)?;
    readable(temporary.path(), 0o644)?;
    let size = temporary.as_file().metadata().at_path("read", path)?.len();
    temporary
        .persist(path)
        .map_err(|error| error.error)
        .at_path("write", path)?;
    Ok(size)
}

/// Writes a folder in the OCI image layout. One that is there already is replaced.
pub(crate) fn write_layout(image: &Image, path: &Path) -> Result<()> {
    let there = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
    if there && !path.join(MARK).is_file() {
        let message = format!("{} holds files and is no image layout", path.display());
        return Err(Failure::new(Code::ForeignDirectory, message)
            .fix("name an empty or a new directory with --output")
            .into());
    }
    let path = std::path::absolute(path).at_path("find", path)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).at_path("create", folder)?;
    let temporary = tempfile::Builder::new()
        .prefix(".writing-")
        .tempdir_in(folder)
        .at_path("write in", folder)?;
    let new = temporary.path().join("new");
    for (name, contents) in image.files() {
        // Docker's own list is of no use outside of its archive.
        if name == "manifest.json" {
            continue;
        }
        let place = new.join(name);
        let parent = place.parent().unwrap_or(&new);
        fs::create_dir_all(parent).at_path("create", parent)?;
        fs::write(&place, contents).at_path("write", &place)?;
    }
    if path.exists() {
        fs::rename(&path, temporary.path().join("old")).at_path("replace", &path)?;
    }
    fs::rename(&new, &path).at_path("write", &path)
}

/// A temporary file is its owner's only; an image is an ordinary file.
fn readable(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).at_path("write", path)
}
