//! Which system calls a program may make: the filters of seccomp.
//!
//! Two filters, of which the stricter answer holds. The first allows a list and answers "no such system
//! call" to all others, those of kernels to come included, so that libraries fall back to what they know.
//! The second refuses uses of what the list allows, and the well-known ways out by name, with "not
//! permitted". Calls of another machine's kind (32 bit) kill the program.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, apply_filter,
};

use crate::calls::{REFUSED, allowed};

/// The filters of one command, compiled.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    allow: BpfProgram,
    refuse: BpfProgram,
}

/// The namespaces that `clone` could make; in each of them a program would be somebody else.
const NAMESPACES: [libc::c_int; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

impl Filter {
    /// For a program that may have so many processes at once, may or may not use the network, and whose
    /// signals Landlock keeps inside, or not.
    pub(crate) fn of(processes: u32, network: bool, scopes: bool) -> Result<Self, BackendError> {
        let mut allow: Rules = allowed().map(|call| (call, Vec::new())).collect();
        if network {
            for call in SOCKETS {
                allow.insert(*call, Vec::new());
            }
        }
        let mut refuse: Rules = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
        refuse.extend(refused_uses(processes, network)?);
        if !scopes {
            // Whom a signal goes to cannot be seen here, and it may be the server.
            for call in SIGNALS {
                refuse.insert(*call, Vec::new());
            }
        }
        Ok(Self {
            allow: compiled(allow, errno(libc::ENOSYS), SeccompAction::Allow)?,
            refuse: compiled(refuse, SeccompAction::Allow, errno(libc::EPERM))?,
        })
    }

    /// Puts the calling thread, and all that comes of it, under the filters, for ever. System calls and
    /// nothing else as long as they succeed, so it may run between fork and exec.
    pub(crate) fn apply(&self) -> Result<(), seccompiler::Error> {
        apply_filter(&self.allow)?;
        // Last, so that its error is the one that is seen.
        apply_filter(&self.refuse)
    }
}

const SOCKETS: &[i64] = &[
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_getpeername,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_listen,
    libc::SYS_setsockopt,
    libc::SYS_socket,
];

const SIGNALS: &[i64] = &[
    libc::SYS_kill,
    libc::SYS_pidfd_send_signal,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_tgkill,
    libc::SYS_tkill,
];

/// Uses of allowed system calls that are refused all the same.
fn refused_uses(processes: u32, network: bool) -> Result<Rules, BackendError> {
    let mut rules = Rules::new();
    // Out of the namespaces, and into the server's children.
    let flags = NAMESPACES.iter().chain(&[libc::CLONE_PARENT]);
    let mut clone: Vec<SeccompRule> = flags
        .map(|flag| rule(&[masked(0, *flag, *flag)?]))
        .collect::<Result<_, _>>()?;
    if processes == 1 {
        clone.push(rule(&[masked(0, libc::CLONE_THREAD, 0)?])?);
        #[cfg(target_arch = "x86_64")]
        for call in [libc::SYS_fork, libc::SYS_vfork] {
            rules.insert(call, Vec::new());
        }
    }
    rules.insert(libc::SYS_clone, clone);
    // Typing into a terminal of the server's.
    rules.insert(
        libc::SYS_ioctl,
        vec![
            rule(&[equal(1, 0x5412)?])?, // TIOCSTI
            rule(&[equal(1, 0x541c)?])?, // TIOCLINUX
        ],
    );
    // Outliving the server.
    let death_signal = equal(0, libc::PR_SET_PDEATHSIG)?;
    rules.insert(libc::SYS_prctl, vec![rule(&[death_signal])?]);
    // Limits and scheduling of other processes.
    for (call, place) in [
        (libc::SYS_prlimit64, 0),
        (libc::SYS_sched_setaffinity, 0),
        (libc::SYS_sched_setattr, 0),
        (libc::SYS_sched_setparam, 0),
        (libc::SYS_sched_setscheduler, 0),
        (libc::SYS_setpriority, 1),
    ] {
        rules.insert(call, vec![rule(&[unequal(place, 0)?])?]);
    }
    if network {
        let neither = [unequal(0, libc::AF_INET)?, unequal(0, libc::AF_INET6)?];
        rules.insert(libc::SYS_socket, vec![rule(&neither)?]);
    } else {
        for call in SOCKETS {
            rules.insert(*call, Vec::new());
        }
    }
    // A pair that is connected to itself leads nowhere.
    let elsewhere = unequal(0, libc::AF_UNIX)?;
    rules.insert(libc::SYS_socketpair, vec![rule(&[elsewhere])?]);
    Ok(rules)
}

fn rule(conditions: &[SeccompCondition]) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.to_vec())
}

fn condition(
    place: u8,
    operator: SeccompCmpOp,
    value: libc::c_int,
) -> Result<SeccompCondition, BackendError> {
    let value = u64::from(value.cast_unsigned());
    SeccompCondition::new(place, SeccompCmpArgLen::Dword, operator, value)
}

fn equal(place: u8, value: libc::c_int) -> Result<SeccompCondition, BackendError> {
    condition(place, SeccompCmpOp::Eq, value)
}

fn unequal(place: u8, value: libc::c_int) -> Result<SeccompCondition, BackendError> {
    condition(place, SeccompCmpOp::Ne, value)
}

fn masked(
    place: u8,
    mask: libc::c_int,
    value: libc::c_int,
) -> Result<SeccompCondition, BackendError> {
    let mask = u64::from(mask.cast_unsigned());
    condition(place, SeccompCmpOp::MaskedEq(mask), value)
}

fn errno(number: libc::c_int) -> SeccompAction {
    SeccompAction::Errno(number.cast_unsigned())
}

fn compiled(
    rules: Rules,
    otherwise: SeccompAction,
    listed: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    let machine = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, otherwise, listed, machine)?.try_into()
}
