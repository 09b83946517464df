//! An image becomes one file or one folder, all at once: nobody sees half of it.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

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

/// Writes a folder in the OCI image layout. One that is there already is replaced; nothing else is.
pub(crate) fn write_layout(image: &Image, path: &Path) -> Result<()> {
    let foreign = match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some() && !path.join(MARK).is_file(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            let message = format!(
                "{} is a file, and an image layout is a directory",
                path.display()
            );
            return Err(Failure::new(Code::Destination, message)
                .fix("name a directory with --output, or leave out --layout")
                .into());
        }
        Err(error) => return Err(error).at_path("read", path),
    };
    if foreign {
        let message = format!("{} holds files and is no image layout", path.display());
        return Err(Failure::new(Code::ForeignDirectory, message)
            .fix("name an empty or a new directory with --output")
            .into());
    }
    let path = std::path::absolute(path).at_path("find", path)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).at_path("create", folder)?;
    let mut temporary = tempfile::Builder::new()
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
    let old = temporary.path().join("old");
    let swapped = swap(&new, &old, &path);
    // What could not be put back is not thrown away.
    temporary.disable_cleanup(swapped.is_err() && old.exists());
    swapped
}

/// Puts `new` into the place of what is at `path`, which goes to `old`, and comes back when that fails.
fn swap(new: &Path, old: &Path, path: &Path) -> Result<()> {
    let replaces = path.exists();
    if replaces {
        fs::rename(path, old).at_path("replace", path)?;
    }
    let written = fs::rename(new, path).at_path("write", path);
    if written.is_err() && replaces {
        fs::rename(old, path).at_path("put back", path)?;
    }
    written
}

/// A temporary file is its owner's only; an image is an ordinary file.
fn readable(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).at_path("write", path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::image::Blobs;

    fn image() -> Image {
        Image {
            blobs: Blobs::default(),
            index: json!({ "manifests": [] }),
            docker: None,
            digest: String::new(),
            platforms: Vec::new(),
        }
    }

    #[test]
    fn a_layout_takes_the_place_of_a_layout_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("x");
        fs::write(&place, "mine").unwrap();
        let error = write_layout(&image(), &place).unwrap_err();
        assert_eq!(error.0[0].code, Code::Destination);
        assert!(error.to_string().contains("is a file"), "{error}");
        assert_eq!(fs::read_to_string(&place).unwrap(), "mine");

        fs::remove_file(&place).unwrap();
        write_layout(&image(), &place).unwrap();
        fs::write(place.join("stale"), "").unwrap();
        write_layout(&image(), &place).unwrap();
        assert!(place.join(MARK).is_file() && !place.join("stale").exists());

        fs::remove_file(place.join(MARK)).unwrap();
        let error = write_layout(&image(), &place).unwrap_err();
        assert_eq!(error.0[0].code, Code::ForeignDirectory);
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "something temporary is left");
    }

    #[test]
    fn what_was_there_comes_back_when_the_new_cannot_come() {
        let folder = tempfile::tempdir().unwrap();
        let [new, old, place] = ["new", "old", "x"].map(|name| folder.path().join(name));
        fs::create_dir(&place).unwrap();
        fs::write(place.join(MARK), "mine").unwrap();
        swap(&new, &old, &place).unwrap_err();
        assert_eq!(fs::read_to_string(place.join(MARK)).unwrap(), "mine");
        assert!(!old.exists());
    }
}
