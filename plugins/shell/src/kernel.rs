//! What this kernel can enforce, found out by trying it.

use landlock::{
    ABI, Access as _, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _, Scope,
};

use crate::config::SandboxMode;
use crate::filter::Filter;

/// What is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kernel {
    /// Landlock with all rights on files, truncation too (Linux 6.2).
    pub(crate) landlock: bool,
    /// Landlock that keeps signals inside (Linux 6.12).
    pub(crate) scopes: bool,
    /// Filters of system calls.
    pub(crate) seccomp: bool,
}

/// What is missing, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KernelError {
    #[error(
        "the sandbox needs Landlock, and this kernel does not offer it: use Linux 6.2 or later with `landlock` in its list of security modules (boot parameter `lsm=landlock,...`), or set `sandbox = \"best-effort\"` and know that programs then read and write what their user may"
    )]
    NoLandlock,
    #[error(
        "the sandbox needs seccomp, and this kernel or container does not offer it: allow the system call seccomp (CONFIG_SECCOMP_FILTER), or set `sandbox = \"best-effort\"` and know that programs then use every system call, the network too"
    )]
    NoSeccomp,
    #[error("the kernel could not be asked what it offers: {0}")]
    Unknown(String),
}

impl Kernel {
    /// Nothing at all, as with `sandbox = "off"`.
    pub(crate) const NOTHING: Self = Self {
        landlock: false,
        scopes: false,
        seccomp: false,
    };

    /// Finds out what this mode may use. Blocks for a moment.
    ///
    /// # Errors
    /// When the mode demands what is not there.
    pub(crate) fn ask(mode: SandboxMode) -> Result<Self, KernelError> {
        if mode == SandboxMode::Off {
            tracing::warn!("`sandbox` is off: programs do what their user may do");
            return Ok(Self::NOTHING);
        }
        // Restrictions cannot be taken back, so they are tried on a thread that ends afterwards.
        let kernel = std::thread::Builder::new()
            .name("shell-probe".to_owned())
            .spawn(Self::try_out)
            .map_err(|error| KernelError::Unknown(error.to_string()))?
            .join()
            .map_err(|_| KernelError::Unknown("the thread that asked it failed".to_owned()))?;
        let missing = if kernel.landlock {
            (!kernel.seccomp).then_some(KernelError::NoSeccomp)
        } else {
            Some(KernelError::NoLandlock)
        };
        match missing {
            Some(error) if mode == SandboxMode::Require => Err(error),
            Some(error) => {
                tracing::warn!(%error, ?kernel, "the sandbox of programs is not whole");
                Ok(kernel)
            }
            None => Ok(kernel),
        }
    }

    fn try_out() -> Self {
        let landlock = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V3))
            .and_then(Ruleset::create)
            .and_then(landlock::RulesetCreated::restrict_self)
            .is_ok();
        let scopes = landlock
            && Ruleset::default()
                .set_compatibility(CompatLevel::HardRequirement)
                .scope(Scope::from_all(ABI::V6))
                .and_then(Ruleset::create)
                .is_ok();
        let seccomp = Filter::of(1, false, scopes).is_ok_and(|filter| filter.apply().is_ok());
        Self {
            landlock,
            scopes,
            seccomp,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

    use super::*;

    /// Asks a kernel that lacks these system calls.
    fn without(calls: &[i64], mode: SandboxMode) -> Result<Kernel, KernelError> {
        let calls = calls.to_vec();
        let asked = std::thread::spawn(move || {
            let rules: BTreeMap<_, _> = calls.into_iter().map(|call| (call, Vec::new())).collect();
            if !rules.is_empty() {
                let errno = u32::try_from(libc::ENOSYS).expect("a number");
                let filter = SeccompFilter::new(
                    rules,
                    SeccompAction::Allow,
                    SeccompAction::Errno(errno),
                    std::env::consts::ARCH.try_into().expect("a known machine"),
                );
                let filter: BpfProgram = filter.and_then(TryInto::try_into).expect("a filter");
                apply_filter(&filter).expect("it is taken");
            }
            Kernel::ask(mode)
        });
        asked.join().expect("it answers")
    }

    const LANDLOCK: &[i64] = &[444, 445, 446];

    #[test]
    fn a_kernel_that_lacks_landlock_is_refused_or_made_do_with() {
        let refused = without(LANDLOCK, SandboxMode::Require);
        assert_eq!(refused, Err(KernelError::NoLandlock));
        let kernel = without(LANDLOCK, SandboxMode::BestEffort).expect("it makes do");
        assert!(!kernel.landlock && !kernel.scopes && kernel.seccomp);
    }

    #[test]
    fn a_kernel_that_lacks_seccomp_is_refused_or_made_do_with() {
        let seccomp = &[libc::SYS_seccomp];
        let refused = without(seccomp, SandboxMode::Require);
        assert_eq!(refused, Err(KernelError::NoSeccomp));
        let kernel = without(seccomp, SandboxMode::BestEffort).expect("it makes do");
        assert!(kernel.landlock && !kernel.seccomp);
    }

    #[test]
    fn this_kernel_has_it_all() {
        let kernel = without(&[], SandboxMode::Require);
        let kernel = kernel.expect("these tests need Linux 6.2 with Landlock and seccomp");
        assert!(kernel.landlock && kernel.seccomp);
        let off = without(&[], SandboxMode::Off);
        assert_eq!(off, Ok(Kernel::NOTHING));
    }

    #[test]
    fn what_is_missing_is_told_with_its_remedy() {
        for error in [KernelError::NoLandlock, KernelError::NoSeccomp] {
            let text = error.to_string();
            assert!(text.contains("sandbox = \"best-effort\""), "{text}");
        }
    }
}
