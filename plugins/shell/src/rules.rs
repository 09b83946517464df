//! Which files a program reaches: the rules of Landlock.
//!
//! Everything is refused but what is listed. The places of a declaration are opened at start, and the rules
//! are about what was opened: a link that is turned round later leads nowhere new.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError, Scope,
};

use crate::declaration::Declaration;
use crate::program::Program;

/// The newest rights that are refused where the kernel knows them.
const NEWEST: ABI = ABI::V9;
/// The oldest kernel that is good enough: files cannot be truncated through the rules.
const OLDEST: ABI = ABI::V3;

/// What every program may read: libraries, and data that is the same on every machine.
const SYSTEM: &[&str] = &[
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share",
    "/etc/ld.so.cache",
    "/etc/localtime",
];
/// What a program that may use the network reads beside.
const NETWORK: &[&str] = &[
    "/etc/ca-certificates",
    "/etc/gai.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/pki",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/run/systemd/resolve/resolv.conf",
    "/run/systemd/resolve/stub-resolv.conf",
];
/// Devices that hold nothing.
const DEVICES: &[&str] = &[
    "/dev/full",
    "/dev/null",
    "/dev/random",
    "/dev/urandom",
    "/dev/zero",
];
/// What loads programs; the kernel runs it in their name.
const LOADERS: &[&str] = &[
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

/// The rules of one command.
#[derive(Debug)]
pub(crate) struct Rules {
    places: Vec<(File, BitFlags<AccessFs>)>,
    /// What may be done in the directory that it runs in.
    inside: BitFlags<AccessFs>,
    network: bool,
}

/// A declared place that is not there, in words for the operator.
#[derive(Debug, thiserror::Error)]
#[error("`{key}`: {path} cannot be opened: {error}")]
pub(crate) struct PlaceError {
    key: &'static str,
    path: String,
    error: std::io::Error,
}

impl Rules {
    /// Opens every place of a declaration.
    pub(crate) fn open(declaration: &Declaration, program: &Program) -> Result<Self, PlaceError> {
        let mut places = Vec::new();
        let network = if declaration.network { NETWORK } else { &[] };
        for path in SYSTEM.iter().chain(network) {
            // A system has some of them.
            if let Ok(place) = open(Path::new(path)) {
                places.push((place, reading()));
            }
        }
        for path in DEVICES {
            if let Ok(place) = open(Path::new(path))
                && place
                    .metadata()
                    .is_ok_and(|one| one.file_type().is_char_device())
            {
                places.push((place, AccessFs::ReadFile | AccessFs::WriteFile));
            }
        }
        for path in LOADERS {
            if let Ok(place) = open(Path::new(path)) {
                places.push((place, AccessFs::ReadFile | AccessFs::Execute));
            }
        }
        let own = program.file.try_clone().map_err(|error| PlaceError {
            key: "argv",
            path: program.name.clone(),
            error,
        })?;
        places.push((own, AccessFs::ReadFile | AccessFs::Execute));
        let mut inside = reading();
        let declared = [
            ("read", &declaration.read, reading()),
            ("write", &declaration.write, writing()),
            (
                "execute",
                &declaration.execute,
                reading() | AccessFs::Execute,
            ),
        ];
        for (key, paths, access) in declared {
            for path in paths {
                if key == "write" && path == "." {
                    inside = access;
                    continue;
                }
                let place = open(Path::new(path)).map_err(|error| PlaceError {
                    key,
                    path: path.clone(),
                    error,
                })?;
                places.push((place, access));
            }
        }
        Ok(Self {
            places,
            inside,
            network: declaration.network,
        })
    }

    /// The rules as the kernel takes them, for a program that runs in `directory`.
    pub(crate) fn make(
        &self,
        directory: BorrowedFd<'_>,
        required: bool,
    ) -> Result<RulesetCreated, RulesetError> {
        let level = if required {
            CompatLevel::HardRequirement
        } else {
            CompatLevel::BestEffort
        };
        let mut ruleset = Ruleset::default()
            .set_compatibility(level)
            .handle_access(AccessFs::from_all(OLDEST))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?;
        if !self.network {
            ruleset = ruleset.handle_access(AccessNet::from_all(NEWEST))?;
        }
        let mut created = ruleset.create()?;
        for (place, access) in &self.places {
            created = created.add_rule(PathBeneath::new(place.as_fd(), fitting(place, *access)))?;
        }
        created.add_rule(PathBeneath::new(directory, self.inside))
    }
}

/// Opens a place to point at it, and for nothing else.
pub(crate) fn open(path: &Path) -> std::io::Result<File> {
    File::options()
        .read(true)
        .custom_flags(libc::O_PATH | libc::O_CLOEXEC)
        .open(path)
}

fn reading() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::ReadDir
}

/// All but running what is there, making devices and reaching them, and sockets.
fn writing() -> BitFlags<AccessFs> {
    reading()
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::RemoveDir
        | AccessFs::RemoveFile
        | AccessFs::MakeDir
        | AccessFs::MakeReg
        | AccessFs::MakeSym
        | AccessFs::Refer
}

/// The rights that there are on a file; others are about directories.
fn fitting(place: &File, access: BitFlags<AccessFs>) -> BitFlags<AccessFs> {
    let directory = place
        .metadata()
        .is_ok_and(|metadata| metadata.is_dir() && metadata.nlink() > 0);
    if directory {
        access
    } else {
        access & AccessFs::from_file(OLDEST)
    }
}
