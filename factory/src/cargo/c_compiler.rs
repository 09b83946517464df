//! The C compiler for crates with C in them: every server has AWS-LC, which does its cryptography.
//!
//! Found before anything is generated or compiled. What a compiler says when it fails is in `diagnose`.

use std::{
    env,
    ffi::{OsStr, OsString},
};

use crate::error::{Code, Failure, Result};

/// How to get one.
pub(super) const INSTALL: &str =
    "install one: apt-get install gcc libc6-dev, dnf install gcc glibc-devel, apk add gcc musl-dev";

/// Any compiler for this machine, best known first; rustc links with the first.
const USUAL: [&str; 3] = ["cc", "gcc", "clang"];

/// Functions that glibc's headers, since 2.38, give another name when `_GNU_SOURCE` is set.
const RENAMED: [&str; 5] = ["sscanf", "strtol", "strtoll", "strtoul", "strtoull"];

/// Functions on files that glibc's headers give another name when `_FILE_OFFSET_BITS` is 64, as `SQLite`
/// sets it. Where this compiler is borrowed, offsets have 64 bits under both names.
const LARGE: [&str; 9] = [
    "fcntl",
    "fstat",
    "ftruncate",
    "lstat",
    "mmap",
    "open",
    "pread",
    "pwrite",
    "stat",
];

/// What cargo has to be told so that C is compiled for a target; nothing where that works by itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CCompiler {
    /// Variables for cargo's environment.
    pub(super) variables: Vec<(String, OsString)>,
    /// Arguments for the linker.
    pub(super) link_arguments: Vec<String>,
}

impl CCompiler {
    /// Whether C is compiled for musl with glibc's headers.
    pub(super) const fn is_borrowed(&self) -> bool {
        !self.link_arguments.is_empty()
    }

    /// Finds one for `target`, on a machine whose Rust is for `host`.
    ///
    /// # Errors
    /// When there is none on the PATH, and no variable names one.
    pub(crate) fn find(target: &str, host: &str) -> Result<Self> {
        Self::find_in(target, host, |name| env::var_os(name))
    }

    fn find_in(
        target: &str,
        host: &str,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self> {
        let underscored = target.replace('-', "_");
        let given = [
            format!("CC_{target}"),
            format!("CC_{underscored}"),
            "TARGET_CC".to_owned(),
            "CC".to_owned(),
        ];
        if given
            .iter()
            .any(|name| variable(name).is_some_and(|value| !value.is_empty()))
        {
            return Ok(Self::default());
        }
        let path = variable("PATH").unwrap_or_default();
        let has = |program: &str| is_on_path(&path, program);
        let usual = USUAL.into_iter().find(|program| has(program));
        if target == host {
            return match usual {
                Some(_) => Ok(Self::default()),
                None => Err(none_for(target, INSTALL).into()),
            };
        }
        // Anywhere else than at home, the crate `cc` looks for a compiler with the target in its name.
        let Some((architecture, library)) = target.split_once("-unknown-linux-") else {
            return Ok(Self::default());
        };
        let named = format!("{architecture}-linux-{library}-gcc");
        if has(&named) {
            return Ok(Self::default());
        }
        if host.split('-').next() != Some(architecture) {
            let fix = format!("install {named}, or name another in CC_{underscored}");
            return Err(none_for(target, &fix).into());
        }
        let set = |program: &str| (format!("CC_{underscored}"), program.into());
        if library == "musl" && has("musl-gcc") {
            return Ok(Self {
                variables: vec![set("musl-gcc")],
                ..Self::default()
            });
        }
        let Some(program) = usual else {
            return Err(none_for(target, INSTALL).into());
        };
        if library != "musl" {
            return Ok(Self {
                variables: vec![set(program)],
                ..Self::default()
            });
        }
        Ok(borrowed(&underscored, set(program), variable))
    }
}

/// No checked copies (see [`borrowed`]), and no tables for unwinding: no panic passes through C, and they
/// are a fifth of a megabyte.
const BORROWED_FLAGS: &str = "-U_FORTIFY_SOURCE -fno-asynchronous-unwind-tables";

/// The usual compiler, with glibc's headers, for a musl target of this machine's own architecture.
///
/// Few machines have a musl compiler, and what AWS-LC and `SQLite` use of the headers (strings, files,
/// threads) musl and glibc lay out alike. Three things in the headers lead to functions that only glibc
/// has, though: checked copies, which some distributions' compilers ask for by themselves and which are
/// turned off here, and new names for old functions and for those on large files, which are given back to
/// musl's when linking.
fn borrowed(
    target: &str,
    compiler: (String, OsString),
    variable: impl Fn(&str) -> Option<OsString>,
) -> CCompiler {
    let name = format!("CFLAGS_{target}");
    let mut flags = variable(&name).unwrap_or_default();
    if !flags.is_empty() {
        flags.push(" ");
    }
    flags.push(BORROWED_FLAGS);
    // A function has to be asked for before it can have another name: nothing else may need it.
    let rename = |function: &str, name: String| {
        [
            format!("-Wl,--undefined={function}"),
            format!("-Wl,--defsym={name}={function}"),
        ]
    };
    let renamed = RENAMED
        .iter()
        .map(|function| (function, format!("__isoc23_{function}")));
    let large = LARGE
        .iter()
        .map(|function| (function, format!("{function}64")));
    CCompiler {
        variables: vec![compiler, (name, flags)],
        link_arguments: renamed
            .chain(large)
            .flat_map(|(function, name)| rename(function, name))
            .collect(),
    }
}

fn is_on_path(path: &OsStr, program: &str) -> bool {
    env::split_paths(path).any(|folder| folder.join(program).is_file())
}

fn none_for(target: &str, fix: &str) -> Failure {
    Failure::new(
        Code::NoCCompiler,
        format!("there is no C compiler for {target}"),
    )
    .note("a server's cryptography, AWS-LC, has C in it, and Rust links with a C compiler")
    .fix(fix)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const MUSL: &str = "x86_64-unknown-linux-musl";
    const GLIBC: &str = "x86_64-unknown-linux-gnu";

    /// With these programs on the PATH, and these variables.
    fn find(
        target: &str,
        host: &str,
        programs: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<CCompiler> {
        let folder = tempfile::tempdir().unwrap();
        for program in programs {
            fs::write(folder.path().join(program), "").unwrap();
        }
        CCompiler::find_in(target, host, |name| {
            if name == "PATH" {
                return Some(folder.path().into());
            }
            let given = variables.iter().find(|(given, _)| *given == name);
            given.map(|(_, value)| (*value).into())
        })
    }

    fn variables(found: &CCompiler) -> Vec<(&str, &str)> {
        found
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect()
    }

    #[test]
    fn the_usual_compiler_stands_in_for_the_one_of_musl() {
        let found = find(MUSL, GLIBC, &["cc", "gcc"], &[]).unwrap();
        assert_eq!(
            variables(&found),
            [
                ("CC_x86_64_unknown_linux_musl", "cc"),
                (
                    "CFLAGS_x86_64_unknown_linux_musl",
                    "-U_FORTIFY_SOURCE -fno-asynchronous-unwind-tables"
                ),
            ]
        );
        for argument in [
            "-Wl,--undefined=sscanf",
            "-Wl,--defsym=__isoc23_sscanf=sscanf",
        ] {
            assert!(
                found.link_arguments.contains(&argument.to_owned()),
                "{found:?}"
            );
        }
        assert!(found.is_borrowed());
        let found = find(MUSL, GLIBC, &["clang"], &[]).unwrap();
        assert_eq!(variables(&found)[0].1, "clang");
    }

    #[test]
    fn flags_of_the_users_are_kept() {
        let given = [("CFLAGS_x86_64_unknown_linux_musl", "-g0")];
        let found = find(MUSL, GLIBC, &["cc"], &given).unwrap();
        assert_eq!(variables(&found)[1].1, format!("-g0 {BORROWED_FLAGS}"));
    }

    #[test]
    fn what_is_there_for_the_target_is_used_as_it_is() {
        let nothing = CCompiler::default();
        let of = |programs: &[&str], variables: &[(&str, &str)]| {
            find(MUSL, GLIBC, programs, variables).unwrap()
        };
        assert_eq!(of(&["cc", "x86_64-linux-musl-gcc"], &[]), nothing);
        for name in [
            "CC_x86_64-unknown-linux-musl",
            "CC_x86_64_unknown_linux_musl",
            "TARGET_CC",
            "CC",
        ] {
            assert_eq!(of(&["cc"], &[(name, "zig cc")]), nothing, "{name}");
        }
        // An empty variable names nothing.
        assert_ne!(of(&["cc"], &[("CC", "")]), nothing);
        let found = of(&["cc", "musl-gcc"], &[]);
        assert_eq!(
            variables(&found),
            [("CC_x86_64_unknown_linux_musl", "musl-gcc")]
        );
        assert!(found.link_arguments.is_empty() && !found.is_borrowed());
    }

    #[test]
    fn at_home_nothing_has_to_be_told() {
        for target in [MUSL, GLIBC] {
            assert_eq!(
                find(target, target, &["cc"], &[]).unwrap(),
                CCompiler::default()
            );
        }
    }

    #[test]
    fn without_one_the_way_to_one_is_shown() {
        for host in [MUSL, GLIBC] {
            let error = find(MUSL, host, &["ls"], &[]).unwrap_err();
            assert_eq!(error.0[0].code, Code::NoCCompiler);
            let fix = error.0[0].fix.as_deref().unwrap();
            assert!(fix.contains("apt-get install gcc libc6-dev"), "{fix}");
        }
    }

    #[test]
    fn for_another_machine_its_own_compiler_is_asked_for() {
        let target = "aarch64-unknown-linux-musl";
        let error = find(target, GLIBC, &["cc"], &[]).unwrap_err();
        assert_eq!(
            error.0[0].fix.as_deref(),
            Some(
                "install aarch64-linux-musl-gcc, or name another in CC_aarch64_unknown_linux_musl"
            )
        );
        find(target, GLIBC, &["aarch64-linux-musl-gcc"], &[]).unwrap();
    }
}
