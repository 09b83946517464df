//! Packs the sources that a built server is made of into the binary: the macros, the runtime, the
//! built-in plugins, and the tested `Cargo.lock`. With them, an installed `mcp-factory` works in an
//! empty folder.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use toml_edit::{Array, DocumentMut, value};

/// The folders that are packed.
const FOLDERS: &[&str] = &["macros", "plugins", "runtime"];

/// What in them is not: nothing of it is compiled into a server, and a change to a test should not
/// compile every server anew.
const LEFT_OUT: &[&str] = &["benches", "examples", "target", "tests"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?)
        .join("..")
        .canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut files = Vec::new();
    for folder in FOLDERS {
        watch(&root.join(folder));
        collect(&root.join(folder), folder, &mut files)?;
    }
    for entry in fs::read_dir(&root)? {
        let name = entry?.file_name().into_string().unwrap_or_default();
        if name == "Cargo.lock" || name.starts_with("LICENSE") {
            watch(&root.join(&name));
            files.push((name.clone(), root.join(name)));
        }
    }
    watch(&root.join("Cargo.toml"));
    let manifest = out.join("workspace.toml");
    fs::write(&manifest, workspace(&root, &files)?)?;
    files.push(("Cargo.toml".to_owned(), manifest));
    files.sort();

    let mut hash = Sha256::new();
    let mut list = String::from("pub(super) static FILES: &[(&str, &[u8])] = &[\n");
    for (name, path) in &files {
        let contents = fs::read(path)?;
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(contents.len().to_le_bytes());
        hash.update(&contents);
        let path = path
            .to_str()
            .ok_or("the workspace is in a directory that is not UTF-8")?;
        writeln!(list, "    ({name:?}, include_bytes!({path:?})),")?;
    }
    list.push_str("];\n");
    let mut digest = String::new();
    for byte in hash.finalize().iter().take(6) {
        write!(digest, "{byte:02x}")?;
    }
    writeln!(list, "pub(super) const DIGEST: &str = {digest:?};")?;
    fs::write(out.join("embedded.rs"), list)?;
    Ok(())
}

/// Cargo compares the modification times of everything below a watched folder.
fn watch(path: &Path) {
    let mut out = std::io::stdout();
    // A build script that cannot speak to cargo has nobody to tell.
    let _told = std::io::Write::write_all(
        &mut out,
        format!("cargo::rerun-if-changed={}\n", path.display()).as_bytes(),
    );
}

fn collect(
    folder: &Path,
    name: &str,
    files: &mut Vec<(String, PathBuf)>,
) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file_name = entry
            .file_name()
            .into_string()
            .map_err(|name| format!("{} is not UTF-8", name.display()))?;
        let kind = entry.file_type()?;
        let name = format!("{name}/{file_name}");
        if kind.is_dir() {
            if LEFT_OUT.contains(&file_name.as_str()) {
                continue;
            }
            collect(&entry.path(), &name, files)?;
        } else if kind.is_file() {
            files.push((name, entry.path()));
        }
    }
    Ok(())
}

/// The root manifest, with the members that are packed and no others.
fn workspace(root: &Path, files: &[(String, PathBuf)]) -> Result<String, Box<dyn Error>> {
    let mut manifest: DocumentMut = fs::read_to_string(root.join("Cargo.toml"))?.parse()?;
    let packed = files
        .iter()
        .filter_map(|(name, _)| name.strip_suffix("/Cargo.toml"));
    let members = manifest["workspace"]["members"]
        .as_array()
        .ok_or("the workspace has no members")?;
    let listed: Vec<&str> = members
        .iter()
        .filter_map(|member| member.as_str())
        .collect();
    let kept: Array = packed.filter(|name| listed.contains(name)).collect();
    manifest["workspace"]["members"] = value(kept);
    Ok(manifest.to_string())
}
