//! The binary as a file: for which machine, with which interpreter and libraries, with which sections.

use std::{fs, path::Path};

use object::{
    Architecture, Endianness, Object as _, ObjectSection as _, elf,
    read::elf::{Dyn as _, ElfFile64, FileHeader as _, ProgramHeader as _},
};

use crate::error::{AtPath, Code, Failure, Result};

/// What an ELF file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The machine, such as `x86_64`.
    pub(crate) machine: String,
    /// Whether it asks for a dynamic loader.
    pub(crate) interpreter: bool,
    /// The shared libraries that it asks for.
    pub(crate) libraries: Vec<String>,
}

/// Sections of a binary, by name.
pub(crate) fn sections(path: &Path, names: &[&str]) -> Result<Vec<Option<Vec<u8>>>> {
    let bytes = fs::read(path).at_path("read", path)?;
    let file = parse(path, &bytes)?;
    let find = |name: &&str| {
        let section = file.section_by_name(name)?;
        section.data().ok().map(<[u8]>::to_vec)
    };
    Ok(names.iter().map(find).collect())
}

/// Reads what the file says.
pub(crate) fn facts(path: &Path) -> Result<Facts> {
    let bytes = fs::read(path).at_path("read", path)?;
    let file = parse(path, &bytes)?;
    let broken = |error: object::Error| not_executable(path, &error.to_string());
    let mut facts = Facts {
        machine: machine(file.architecture()),
        ..Facts::default()
    };
    let endian = file.endian();
    for header in file.elf_program_headers() {
        facts.interpreter |= header.p_type(endian) == elf::PT_INTERP;
        let Some(entries) = header.dynamic(endian, bytes.as_slice()).map_err(broken)? else {
            continue;
        };
        let needed = entries
            .iter()
            .filter(|entry| entry.d_tag(endian) == elf::DT_NEEDED)
            .count();
        // The names are only for the message.
        let mut names = library_names(&file);
        names.resize(needed, "a shared library".to_owned());
        facts.libraries = names;
    }
    Ok(facts)
}

fn library_names(file: &ElfFile64<'_, Endianness>) -> Vec<String> {
    let Ok(imports) = file.elf_header().sections(file.endian(), file.data()) else {
        return Vec::new();
    };
    let Ok(Some((entries, link))) = imports.dynamic(file.endian(), file.data()) else {
        return Vec::new();
    };
    let Ok(strings) = imports.strings(file.endian(), file.data(), link) else {
        return Vec::new();
    };
    let endian = file.endian();
    entries
        .iter()
        .filter(|entry| entry.d_tag(endian) == elf::DT_NEEDED)
        .filter_map(|entry| entry.string(endian, strings).ok())
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

/// Checks a server that has to be static.
pub(crate) fn check_static(facts: &Facts) -> Result<()> {
    if !facts.interpreter && facts.libraries.is_empty() {
        return Ok(());
    }
    let mut needs = facts.libraries.clone();
    if facts.interpreter {
        needs.insert(0, "a dynamic loader".to_owned());
    }
    Err(Failure::new(
        Code::NotStatic,
        format!("the binary is not static: it needs {}", needs.join(", ")),
    )
    .note("a plugin may link a C library of the system")
    .fix("remove that plugin's native dependency, or build with --static off")
    .into())
}

fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<ElfFile64<'a, Endianness>> {
    ElfFile64::parse(bytes).map_err(|error| not_executable(path, &error.to_string()).into())
}

fn not_executable(path: &Path, why: &str) -> Failure {
    Failure::new(
        Code::NotExecutable,
        format!(
            "{} is no executable for Linux: {}",
            path.display(),
            why.to_lowercase()
        ),
    )
}

fn machine(architecture: Architecture) -> String {
    match architecture {
        Architecture::X86_64 => "x86_64".to_owned(),
        Architecture::Aarch64 => "aarch64".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_libraries_is_not_static() {
        // Test binaries for the gnu target link the C library dynamically.
        let facts = facts(&std::env::current_exe().unwrap()).unwrap();
        assert_eq!(facts.machine, std::env::consts::ARCH);
        assert!(facts.interpreter);
        assert!(
            facts
                .libraries
                .iter()
                .any(|name| name.starts_with("libc.so")),
            "{:?}",
            facts.libraries
        );
        let error = check_static(&facts).unwrap_err();
        assert_eq!(error.0[0].code, Code::NotStatic);
        assert!(error.0[0].message.contains("libc.so"), "{error}");
        check_static(&Facts::default()).unwrap();
    }

    #[test]
    fn a_text_is_no_executable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "#!/bin/sh\n").unwrap();
        assert_eq!(facts(&path).unwrap_err().0[0].code, Code::NotExecutable);
    }
}
