//! What a program may ask of the kernel: the network, other processes, other privileges.

use std::net::{TcpListener, UdpSocket};

use serde_json::{Value, json};

use crate::support::*;

/// Makes a system call and says how it went.
fn call(number: i64, arguments: &str) -> String {
    format!("my $r = syscall({number}{arguments}); print $r == -1 ? \"refused: $!\" : \"done\"")
}

async fn tried(script: &str, keys: Value) -> String {
    stdout(&run_perl(script, &keys).await).to_owned()
}

#[tokio::test]
async fn the_ways_out_are_refused() {
    let calls = [
        ("ptrace", libc::SYS_ptrace, ", 0, 0, 0, 0"),
        ("mount", libc::SYS_mount, ", 0, 0, 0, 0, 0"),
        ("umount2", libc::SYS_umount2, ", 0, 0"),
        ("unshare", libc::SYS_unshare, ", 0x10000000"),
        ("setns", libc::SYS_setns, ", 0, 0"),
        ("chroot", libc::SYS_chroot, ", 0"),
        ("pivot_root", libc::SYS_pivot_root, ", 0, 0"),
        ("keyctl", libc::SYS_keyctl, ", 0, 0, 0, 0, 0"),
        ("add_key", libc::SYS_add_key, ", 0, 0, 0, 0, 0"),
        ("bpf", libc::SYS_bpf, ", 0, 0, 0"),
        ("io_uring_setup", libc::SYS_io_uring_setup, ", 1, 0"),
        ("userfaultfd", libc::SYS_userfaultfd, ", 0"),
        (
            "perf_event_open",
            libc::SYS_perf_event_open,
            ", 0, 0, 0, 0, 0",
        ),
        ("kexec_load", libc::SYS_kexec_load, ", 0, 0, 0, 0"),
        ("init_module", libc::SYS_init_module, ", 0, 0, 0"),
        (
            "process_vm_readv",
            libc::SYS_process_vm_readv,
            ", 1, 0, 0, 0, 0, 0",
        ),
        ("personality", libc::SYS_personality, ", 0x0040000"),
        ("fsopen", libc::SYS_fsopen, ", 0, 0"),
        (
            "open_by_handle_at",
            libc::SYS_open_by_handle_at,
            ", 0, 0, 0",
        ),
        ("reboot", libc::SYS_reboot, ", 0, 0, 0, 0"),
        ("setsid", libc::SYS_setsid, ""),
        ("setpgid", libc::SYS_setpgid, ", 0, 0"),
        (
            "clone for a user namespace",
            libc::SYS_clone,
            ", 0x10000011, 0, 0, 0, 0",
        ),
        (
            "clone into the server's children",
            libc::SYS_clone,
            ", 0x8011, 0, 0, 0, 0",
        ),
        ("to outlive the server", libc::SYS_prctl, ", 1, 0, 0, 0, 0"),
        ("to type into a terminal", libc::SYS_ioctl, ", 0, 0x5412, 0"),
    ];
    for (what, number, arguments) in calls {
        let answer = tried(&call(number, arguments), json!({ "processes": 4 })).await;
        assert_eq!(answer, "refused: Operation not permitted", "{what}");
    }
    // Those that hide their arguments, and those to come, do not exist.
    for number in [libc::SYS_clone3, 463, 500, 9999] {
        let answer = tried(&call(number, ", 0, 0"), json!({})).await;
        assert_eq!(answer, "refused: Function not implemented", "{number}");
    }
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn calls_of_another_kind_do_not_get_around_the_list() {
    // The numbers of x32: the same kernel, the same machine, another table.
    let answer = tried(
        &call(0x4000_0000 + libc::SYS_ptrace, ", 0, 0, 0, 0"),
        json!({}),
    )
    .await;
    assert_eq!(answer, "refused: Function not implemented");
}

#[tokio::test]
async fn there_is_no_network_unless_it_is_declared() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connect = format!(
        "use Socket; if (socket(my $s, PF_INET, SOCK_STREAM, 0)) {{
            print connect($s, sockaddr_in({port}, INADDR_LOOPBACK)) ? 'connected' : \"connect: $!\"
         }} else {{ print \"socket: $!\" }}"
    );
    let answer = tried(&connect, json!({})).await;
    assert_eq!(answer, "socket: Operation not permitted");
    assert_eq!(
        tried(&connect, json!({ "network": true })).await,
        "connected"
    );
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = receiver.local_addr().unwrap().port();
    let send = format!(
        "use Socket; socket(my $s, PF_INET, SOCK_DGRAM, 0) or print(\"socket: $!\"), exit;
         print send($s, 'x', 0, sockaddr_in({port}, INADDR_LOOPBACK)) ? 'sent' : \"send: $!\""
    );
    assert_eq!(
        tried(&send, json!({})).await,
        "socket: Operation not permitted"
    );
    // The sockets of this machine's services, and of its kernel, are no network.
    let (_directory, path) = open_directory();
    let path = path.join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    for network in [false, true] {
        let local = format!(
            "use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0) or print(\"socket: $!\"), exit;
             print connect($s, sockaddr_un('{}')) ? 'connected' : \"connect: $!\"",
            path.display()
        );
        let answer = tried(&local, json!({ "network": network })).await;
        assert_eq!(answer, "socket: Operation not permitted");
        for family in ["16", "17", "40"] {
            let other = format!(
                "use Socket; socket(my $s, {family}, SOCK_RAW, 0) ? print 'opened' : print \"$!\""
            );
            let answer = tried(&other, json!({ "network": network })).await;
            assert_eq!(answer, "Operation not permitted", "family {family}");
        }
    }
    // A pair between its own processes leads nowhere.
    let pair = "use Socket; socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) ? print 'made' : print \"$!\"";
    assert_eq!(tried(pair, json!({})).await, "made");
}

#[tokio::test]
async fn nobody_outside_is_signalled_or_limited() {
    let own = std::process::id();
    for script in [
        format!("print kill('TERM', {own}) ? 'sent' : \"$!\""),
        format!("print kill(0, {own}) ? 'sent' : \"$!\""),
        call(libc::SYS_prlimit64, &format!(", {own}, 7, 0, 0")),
        call(libc::SYS_setpriority, &format!(", 0, {own}, 19")),
    ] {
        let answer = tried(&script, json!({})).await;
        assert!(
            answer.ends_with("Operation not permitted"),
            "{script}: {answer}"
        );
    }
    if is_root() {
        // The same user as the server's, and without a capability.
        let body = perl(
            &format!("print kill('TERM', {own}) ? 'sent' : \"$!\""),
            &json!({}),
        );
        let plugin = start_with(tool(&body, &[]), json!({ "allow_root": true })).await;
        let outcome = plugin.call_json("run", json!({})).await.unwrap();
        assert_eq!(stdout(&outcome), "Operation not permitted");
    }
}

#[tokio::test]
async fn no_privilege_is_gained_and_none_is_left() {
    let status = "open(my $s, '<', '/proc/self/status') or die $!; print grep { /^(Cap(Prm|Eff|Inh)|NoNewPrivs|Seccomp|Groups|Uid):/ } <$s>";
    let keys = json!({ "read": ["/proc"] });
    let settings = if is_root() {
        vec![settings(), json!({ "allow_root": true })]
    } else {
        vec![settings()]
    };
    for settings in settings {
        let plugin = start_with(tool(&perl(status, &keys), &[]), settings.clone()).await;
        let outcome = plugin.call_json("run", json!({})).await.unwrap();
        let status = stdout(&outcome);
        for line in [
            "CapPrm:\t0000000000000000\n",
            "CapEff:\t0000000000000000\n",
            "CapInh:\t0000000000000000\n",
            "NoNewPrivs:\t1\n",
            "Seccomp:\t2\n",
        ] {
            assert!(status.contains(line), "{settings}: {outcome}");
        }
        if settings["user"].is_string() {
            assert!(
                status.contains("Uid:\t65534\t65534\t65534\t65534\n"),
                "{status}"
            );
            assert!(
                status.contains("Groups:\t \n") || status.contains("Groups:\t\n"),
                "{status}"
            );
        }
    }
}

#[tokio::test]
async fn a_set_user_id_program_gains_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    if !is_root() {
        // Only root can make one that belongs to root.
        return;
    }
    let (_directory, path) = open_directory();
    let program = path.join("id");
    std::fs::copy("/usr/bin/id", &program).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o4755)).unwrap();
    let script = format!("print `{} -u`", program.display());
    let keys = json!({ "execute": [program], "processes": 2 });
    assert_eq!(tried(&script, keys).await, "65534\n");
}
