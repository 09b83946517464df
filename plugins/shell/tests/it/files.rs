//! What a program reaches of the file system. Every file in here may be read and written by everybody, so
//! that it is the sandbox that keeps it.

use serde_json::{Value, json};

use crate::support::*;

/// Tries to open a path in one way, and says how that went.
fn opening(mode: &str, path: impl AsRef<std::path::Path>) -> String {
    let path = path.as_ref().display();
    format!(
        "if (open(my $h, '{mode}', '{path}')) {{ print 'opened: ', (<$h> // '') }} else {{ print \"$!\" }}"
    )
}

async fn tried(script: &str, keys: Value) -> String {
    let outcome = run_perl(script, &keys).await;
    assert_eq!(outcome["exit_code"], 0, "{outcome}");
    stdout(&outcome).to_owned()
}

const DENIED: &str = "Permission denied";

#[tokio::test]
async fn nothing_outside_is_read() {
    let (_directory, path) = open_directory();
    let canary = canary(&path, "canary");
    assert_eq!(tried(&opening("<", &canary), json!({})).await, DENIED);
    for path in [
        "/etc/shadow",
        "/etc/passwd",
        "/etc/hostname",
        "/proc/self/status",
        "/proc/1/environ",
        "/proc/self/environ",
        "/sys/kernel/notes",
        "/dev/tty",
        "/dev/mem",
        "/dev/kmsg",
        "/bin/cat",
        "/root/.bashrc",
        "/var/log/dpkg.log",
        "/run/utmp",
        "/dev/shm/x",
    ] {
        let answer = tried(&opening("<", path), json!({})).await;
        assert!(
            answer == DENIED || answer.starts_with("No such"),
            "{path}: {answer}"
        );
    }
    let listing = format!(
        "opendir(my $d, '{}') ? print 'opened' : print \"$!\"",
        path.display()
    );
    assert_eq!(tried(&listing, json!({})).await, DENIED);
    for directory in ["/", "/etc", "/home", "/tmp", "/proc", "/root"] {
        let listing = format!("opendir(my $d, '{directory}') ? print 'opened' : print \"$!\"");
        assert_eq!(tried(&listing, json!({})).await, DENIED, "{directory}");
    }
}

#[tokio::test]
async fn what_is_declared_is_read_and_no_more() {
    let (_directory, path) = open_directory();
    let inside = path.join("inside");
    std::fs::create_dir(&inside).unwrap();
    let (good, outside) = (canary(&inside, "good"), canary(&path, "outside"));
    std::os::unix::fs::symlink(&outside, inside.join("link")).unwrap();
    let keys = json!({ "read": [inside] });
    assert_eq!(
        tried(&opening("<", &good), keys.clone()).await,
        "opened: canary"
    );
    for way in [
        inside.join("link"),
        inside.join("../outside"),
        outside.clone(),
    ] {
        assert_eq!(
            tried(&opening("<", &way), keys.clone()).await,
            DENIED,
            "{way:?}"
        );
    }
    for mode in [">", ">>", "+<"] {
        assert_eq!(
            tried(&opening(mode, &good), keys.clone()).await,
            DENIED,
            "{mode}"
        );
    }
    // Truncation needs no open.
    let truncate = format!(
        "truncate('{}', 0) ? print 'done' : print \"$!\"",
        good.display()
    );
    assert_eq!(tried(&truncate, keys.clone()).await, DENIED);
    for step in ["unlink", "rmdir", "mkdir", "chmod 0777,"] {
        let path = if step == "mkdir" {
            inside.join("new")
        } else {
            good.clone()
        };
        let script = format!(
            "({step} '{}') ? print 'done' : print \"$!\"",
            path.display()
        );
        let answer = tried(&script, keys.clone()).await;
        // Modes are not Landlock's; the owner is somebody else.
        assert!(
            answer != "done" || !is_root() && step.starts_with("chmod"),
            "{step}: {answer}"
        );
    }
    assert_eq!(std::fs::read_to_string(&good).unwrap(), "canary");
    // A single file may be named too.
    let keys = json!({ "read": [outside] });
    assert_eq!(
        tried(&opening("<", &outside), keys.clone()).await,
        "opened: canary"
    );
    assert_eq!(tried(&opening("<", &good), keys).await, DENIED);
}

#[tokio::test]
async fn what_is_declared_is_written_and_no_more() {
    let (_directory, path) = open_directory();
    let inside = path.join("inside");
    std::fs::create_dir(&inside).unwrap();
    std::fs::set_permissions(&inside, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let outside = canary(&path, "outside");
    std::os::unix::fs::symlink(&outside, inside.join("link")).unwrap();
    let keys = json!({ "write": [inside] });
    let script = format!(
        "chdir '{}' or die; open(my $h, '>', 'new') or die $!; print $h 'text'; close $h;
         rename('new', 'newer') or die $!; mkdir('d') or die $!; rmdir('d') or die $!;
         symlink('newer', 's') or die $!; print 'done'",
        inside.display()
    );
    assert_eq!(tried(&script, keys.clone()).await, "done");
    assert_eq!(
        std::fs::read_to_string(inside.join("newer")).unwrap(),
        "text"
    );
    for way in [
        inside.join("link"),
        inside.join("../outside"),
        path.join("new"),
    ] {
        assert_eq!(
            tried(&opening(">", &way), keys.clone()).await,
            DENIED,
            "{way:?}"
        );
    }
    for script in [
        format!(
            "rename('{0}/newer', '{1}/newer')",
            inside.display(),
            path.display()
        ),
        format!(
            "link('{1}/outside', '{0}/hard')",
            inside.display(),
            path.display()
        ),
        format!(
            "rename('{1}/outside', '{0}/taken')",
            inside.display(),
            path.display()
        ),
    ] {
        let answer = tried(
            &format!("{script} ? print 'done' : print \"$!\""),
            keys.clone(),
        )
        .await;
        assert_ne!(answer, "done", "{script}");
    }
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "canary");
}

#[tokio::test]
async fn its_own_directory_is_written_only_when_that_is_declared() {
    let script =
        "if (open(my $h, '>', 'x')) { print $h 'a'; close $h; print 'done' } else { print \"$!\" }";
    assert_eq!(tried(script, json!({})).await, DENIED);
    assert_eq!(tried(script, json!({ "write": ["."] })).await, "done");
    let (_directory, path) = open_directory();
    assert_eq!(tried(script, json!({ "cwd": path })).await, DENIED);
    assert_eq!(
        tried(script, json!({ "cwd": path, "write": ["."] })).await,
        "done"
    );
}

#[tokio::test]
async fn a_link_that_is_turned_round_after_the_start_leads_nowhere_new() {
    let (_directory, path) = open_directory();
    for name in ["good", "bad"] {
        std::fs::create_dir(path.join(name)).unwrap();
        canary(&path.join(name), name);
    }
    let link = path.join("link");
    std::os::unix::fs::symlink("good", &link).unwrap();
    let script = opening("<", path.join("bad/bad"));
    let plugin = start(tool(&perl(&script, &json!({ "read": [link] })), &[])).await;
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("bad", &link).unwrap();
    let outcome = plugin.call_json("run", json!({})).await.unwrap();
    assert_eq!(stdout(&outcome), DENIED);
}

#[tokio::test]
async fn no_other_program_is_run() {
    let execute =
        |program: &str| format!("exec {{ '{program}' }} 'x', '-c', 'echo out'; print \"$!\"");
    for program in ["/bin/sh", "/usr/bin/id", "/usr/bin/env"] {
        assert_eq!(
            tried(&execute(program), json!({})).await,
            DENIED,
            "{program}"
        );
    }
    // What it writes itself it cannot run either.
    let own = "open(my $i, '<', $ARGV[0]); open(my $h, '>', 'x') or die $!; print $h 'x'; close $h; chmod 0755, 'x' or die $!; exec { './x' } 'x'; print \"$!\"";
    assert_eq!(tried(own, json!({ "write": ["."] })).await, DENIED);
    let shell = "system('/bin/sh', '-c', 'echo out'); print \"$?\"";
    assert_eq!(tried(shell, json!({ "processes": 4 })).await, "-1");
    // Until one is declared.
    let declared = json!({ "execute": ["/usr/bin/id"], "processes": 2 });
    let script = "print `/usr/bin/id -u`";
    let user = if is_root() {
        65_534
    } else {
        rustix::process::geteuid().as_raw()
    };
    assert_eq!(tried(script, declared).await, format!("{user}\n"));
}

#[tokio::test]
async fn the_devices_that_hold_nothing_are_there() {
    let script = "open(my $n, '>', '/dev/null') or die $!; print $n 'x';
        open(my $r, '<', '/dev/urandom') or die $!; read($r, my $b, 4); print length $b";
    assert_eq!(tried(script, json!({})).await, "4");
}

#[tokio::test]
async fn a_program_that_is_replaced_after_the_start_is_not_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = directory.path().canonicalize().unwrap().join("program");
    std::fs::copy("/usr/bin/perl", &program).unwrap();
    let mut body = perl("print 'first'", &json!({}));
    body["argv"][0] = json!(program);
    let plugin = start(tool(&body, &[])).await;
    let other = directory.path().join("other");
    std::fs::copy("/bin/echo", &other).unwrap();
    std::fs::rename(&other, &program).unwrap();
    let outcome = plugin.call_json("run", json!({})).await.unwrap();
    assert_eq!(stdout(&outcome), "first", "{outcome}");
}
