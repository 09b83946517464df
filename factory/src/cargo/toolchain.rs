//! The compiler on this machine, and what a server is compiled for.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    error::{Code, Failure, Result},
    interrupt::Interrupt,
    manifest::StaticMode,
    process::{self, Outcome},
};

use super::not_started;

/// The oldest compiler that compiles the crates that the factory carries.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");
/// Any question to the compiler.
const PATIENCE: Duration = Duration::from_mins(1);
/// Downloading a standard library, some tens of megabytes.
const RUSTUP_PATIENCE: Duration = Duration::from_mins(3);

/// The compiler.
#[derive(Clone, Debug)]
pub(crate) struct Toolchain {
    /// Such as `1.95.0`.
    pub(crate) release: String,
    /// The machine it runs on, such as `x86_64-unknown-linux-gnu`.
    pub(crate) host: String,
    /// The commit it was made from, shortened.
    commit: String,
    /// Where rustup finds it according to the project.
    folder: PathBuf,
}

/// What a server is compiled for, and how it is linked.
#[derive(Clone, Debug)]
pub(crate) struct Linking {
    pub(crate) target: String,
    /// Whether the binary has to come out static.
    pub(crate) is_static: bool,
    /// Whether the C library has to be asked to be static.
    pub(crate) crt_static: bool,
    /// Why this and not another; for the user.
    pub(crate) why: Option<String>,
}

impl Toolchain {
    /// Asks the compiler that is used in `folder`.
    pub(crate) fn find(folder: &Path, interrupt: &Interrupt) -> Result<Self> {
        let outcome = ask(
            Command::new("rustc").arg("-vV").current_dir(folder),
            interrupt,
        )
        .map_err(|error| not_started("rustc", &error))?;
        interrupt.check()?;
        if !outcome.success() {
            return Err(Failure::new(Code::NoToolchain, "`rustc -vV` fails")
                .fix("check the Rust toolchain: rustup show")
                .detail(outcome.stderr)
                .into());
        }
        let toolchain =
            Self::parse(&String::from_utf8_lossy(&outcome.stdout), folder).ok_or_else(|| {
                Failure::new(
                    Code::NoToolchain,
                    "`rustc -vV` says nothing that can be read",
                )
                .fix("check the Rust toolchain: rustup show")
            })?;
        toolchain.check_release()?;
        Ok(toolchain)
    }

    fn parse(text: &str, folder: &Path) -> Option<Self> {
        let value = |key: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(key))
                .map(|value| value.trim().to_owned())
        };
        Some(Self {
            release: value("release:")?,
            host: value("host:")?,
            commit: value("commit-hash:")
                .unwrap_or_default()
                .chars()
                .take(9)
                .collect(),
            folder: folder.to_owned(),
        })
    }

    fn check_release(&self) -> Result<()> {
        let oldest = semver::VersionReq::parse(&format!(">={OLDEST}"))
            .expect("the package's rust-version is a version");
        let release = semver::Version::parse(&self.release)
            .ok()
            .map(|version| semver::Version::new(version.major, version.minor, version.patch));
        if release.is_none_or(|release| oldest.matches(&release)) {
            return Ok(());
        }
        let message = format!(
            "rustc {} is too old: a server needs {OLDEST} or newer",
            self.release
        );
        Err(Failure::new(Code::OldCompiler, message)
            .fix("rustup update stable")
            .into())
    }

    /// Tells the shared build directories of compilers apart.
    pub(crate) fn key(&self) -> String {
        format!("{}-{}", self.release, self.commit)
    }

    fn architecture(&self) -> &str {
        self.host.split('-').next().unwrap_or_default()
    }

    fn has(&self, target: &str, interrupt: &Interrupt) -> bool {
        if target == self.host {
            return true;
        }
        let mut command = Command::new("rustc");
        command
            .args(["--print", "target-libdir", "--target", target])
            .current_dir(&self.folder);
        let Ok(outcome) = ask(&mut command, interrupt) else {
            return false;
        };
        let folder = String::from_utf8_lossy(&outcome.stdout);
        let mut entries = fs::read_dir(folder.trim()).into_iter().flatten().flatten();
        outcome.success()
            && entries.any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    }

    /// Tries to have rustup install it; whether that worked.
    fn install(&self, target: &str, interrupt: &Interrupt) -> bool {
        let mut command = Command::new("rustup");
        command
            .args(["target", "add", target])
            .current_dir(&self.folder);
        let outcome = process::run(&mut command, RUSTUP_PATIENCE, 1 << 20, interrupt);
        outcome.is_ok_and(|outcome| outcome.success()) && self.has(target, interrupt)
    }
}

fn ask(command: &mut Command, interrupt: &Interrupt) -> io::Result<Outcome> {
    process::run(command, PATIENCE, 1 << 20, interrupt)
}

/// Chooses the target. `wanted` is the user's own choice; `say` hears of a download before it starts.
pub(crate) fn choose(
    toolchain: &Toolchain,
    wanted: Option<&str>,
    mode: StaticMode,
    offline: bool,
    interrupt: &Interrupt,
    mut say: impl FnMut(&str),
) -> Result<Linking> {
    let mut available = |target: &str| {
        if toolchain.has(target, interrupt) {
            return true;
        }
        if offline {
            return false;
        }
        say(&format!(
            "the target {target} is not installed: trying `rustup target add {target}`"
        ));
        toolchain.install(target, interrupt)
    };
    if let Some(target) = wanted {
        let found = available(target);
        interrupt.check()?;
        if !found {
            return Err(no_target(target, "--target or build.target asks for it").into());
        }
        return Ok(linking(target, mode, None));
    }
    if mode == StaticMode::Off {
        return Ok(linking(&toolchain.host, mode, None));
    }
    let musl = format!("{}-unknown-linux-musl", toolchain.architecture());
    let found = available(&musl);
    interrupt.check()?;
    if found {
        return Ok(linking(&musl, mode, None));
    }
    if mode == StaticMode::Require {
        return Err(no_target(&musl, "static = \"require\" asks for it").into());
    }
    let why = format!(
        "{musl} is not installed: linking {} statically instead; names are looked up without glibc's plugins",
        toolchain.host
    );
    Ok(linking(&toolchain.host, mode, Some(why)))
}

fn linking(target: &str, mode: StaticMode, why: Option<String>) -> Linking {
    let is_static = mode != StaticMode::Off;
    // musl is static by itself, and has to be told not to be.
    Linking {
        target: target.to_owned(),
        is_static,
        crt_static: is_static && !target.contains("musl"),
        why,
    }
}

fn no_target(target: &str, why: &str) -> Failure {
    Failure::new(
        Code::NoTarget,
        format!("the compiler has no standard library for {target}"),
    )
    .note(why)
    .fix(format!("rustup target add {target}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERBOSE: &str = "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\ncommit-hash: 59807616e0123\nhost: aarch64-unknown-linux-gnu\nrelease: 1.95.0\n";

    fn toolchain(release: &str) -> Toolchain {
        Toolchain::parse(
            &VERBOSE.replace("release: 1.95.0", &format!("release: {release}")),
            Path::new("."),
        )
        .unwrap()
    }

    #[test]
    fn the_compiler_says_what_it_is() {
        let toolchain = toolchain("1.95.0");
        assert_eq!(toolchain.architecture(), "aarch64");
        assert_eq!(toolchain.key(), "1.95.0-59807616e");
    }

    #[test]
    fn an_old_compiler_is_refused_with_both_versions() {
        let error = toolchain("1.80.1").check_release().unwrap_err();
        assert_eq!(error.0[0].code, Code::OldCompiler);
        assert!(error.0[0].message.contains("1.80.1") && error.0[0].message.contains(OLDEST));
        for newer in ["1.95.0", "1.96.0-nightly", "2.0.0"] {
            toolchain(newer).check_release().unwrap();
        }
    }

    #[test]
    fn musl_needs_no_flag_and_glibc_does() {
        assert!(!linking("x86_64-unknown-linux-musl", StaticMode::Auto, None).crt_static);
        assert!(linking("x86_64-unknown-linux-gnu", StaticMode::Auto, None).crt_static);
        assert!(!linking("x86_64-unknown-linux-gnu", StaticMode::Off, None).is_static);
    }

    #[test]
    fn a_target_that_does_not_exist_is_refused_with_the_command() {
        let mut host = toolchain("1.95.0");
        host.folder = std::env::temp_dir();
        let error = choose(
            &host,
            Some("no-such-target"),
            StaticMode::Auto,
            true,
            &Interrupt::default(),
            |_| {},
        )
        .unwrap_err();
        assert_eq!(error.0[0].code, Code::NoTarget);
        assert_eq!(
            error.0[0].fix.as_deref(),
            Some("rustup target add no-such-target")
        );
    }

    #[test]
    fn a_required_musl_that_is_not_there_is_an_error_and_an_optional_one_is_not() {
        let mut host = toolchain("1.95.0");
        host.folder = std::env::temp_dir();
        host.host = "s390x-ibm-linux-gnu".to_owned();
        let choose = |mode| choose(&host, None, mode, true, &Interrupt::default(), |_| {});
        assert_eq!(
            choose(StaticMode::Require).unwrap_err().0[0].code,
            Code::NoTarget
        );
        let linking = choose(StaticMode::Auto).unwrap();
        assert_eq!(
            (linking.target.as_str(), linking.crt_static),
            ("s390x-ibm-linux-gnu", true)
        );
        assert!(
            linking
                .why
                .unwrap()
                .contains("s390x-unknown-linux-musl is not installed")
        );
    }
}
