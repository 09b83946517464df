//! `docs/tour.md`: from `new` to a container that is traced, scraped and gated, as somebody enters it who reads it.

use std::{
    env, fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command, time::Duration,
};

use mcp_factory_tests::{Collector, Product, eventually, free_port, product::factory};
use serde_json::Value;

use crate::walk::{contents, steps, walk};

const TOUR: &str = include_str!("../../docs/tour.md");
const README: &str = include_str!("../../README.md");
/// From here on a container runs.
const CONTAINER: &str = "## The container\n";

/// The path of the shell: `mcp-factory` is the one of this workspace, and builds in the profile that compiles fastest, so
/// that what cargo built for the other tests is taken over.
fn on_path(folder: &Path) -> String {
    let factory = factory();
    let home = factory
        .get_envs()
        .find(|(name, _)| *name == "MCP_FACTORY_HOME");
    let home = home
        .and_then(|(_, value)| value)
        .expect("the tests have one");
    let program = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).expect("the directory is ours");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    };
    program(
        "mcp-factory",
        &format!(
            "#!/bin/sh\nexport MCP_FACTORY_HOME='{}'\nif [ \"$1\" = build ]; then shift; set -- build --profile dev \"$@\"; fi\nexec '{}' \"$@\"\n",
            home.display(),
            factory.get_program().display()
        ),
    );
    // It says on every turn that there is no systemd, where there is none.
    program(
        "podman",
        "#!/bin/sh\nPATH=${PATH#*:}\nexec podman --log-level fatal \"$@\"\n",
    );
    let path = env::var("PATH").expect("there is one");
    format!("{}:{path}:/usr/sbin", folder.display())
}

/// podman with a store of its own in `folder`, as this machine can run it: limits and groups of processes are not
/// everybody's to change.
fn podman(shell: &mut Command, folder: &Path) {
    let place = folder.display();
    let containers = format!(
        "[containers]\ndefault_ulimits = [\"nofile=4096:4096\", \"nproc=4096:4096\"]\n\
         [engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\n\
         lock_type = \"file\"\ntmp_dir = \"{place}/tmp\"\nvolume_path = \"{place}/volumes\"\n"
    );
    let storage = format!(
        "[storage]\ndriver = \"vfs\"\ngraphroot = \"{place}/store\"\nrunroot = \"{place}/run\"\n"
    );
    for (variable, text) in [
        ("CONTAINERS_CONF", containers),
        ("CONTAINERS_STORAGE_CONF", storage),
    ] {
        let path = folder.join(variable);
        fs::write(&path, text).expect("the directory is ours");
        shell.env(variable, path);
    }
}

/// Whether this machine runs containers at all: here is one with a program that needs nothing.
fn runs_containers(mut shell: Command, folder: &Path) -> bool {
    let root = folder.join("root");
    fs::create_dir(&root).expect("the directory is ours");
    fs::copy(Product::Standard.binary(), root.join("standard")).expect("there is room");
    let script = format!(
        "podman run --rm --network host --rootfs {} /standard --version",
        root.display()
    );
    let output = shell
        .args(["-c", &script])
        .output()
        .expect("bash is installed");
    fs::remove_dir_all(&root).expect("the directory is ours");
    String::from_utf8_lossy(&output.stdout).starts_with("standard ")
}

/// Whether `whole` says all that `part` says.
fn says(whole: &Value, part: &Value) -> bool {
    match part {
        Value::Object(members) => members.iter().all(|(key, part)| says(&whole[key], part)),
        part => whole == part,
    }
}

#[test]
fn the_tour_goes_from_new_to_a_container() {
    // The README's short form of the same way.
    for line in [
        "mcp-factory new myservice",
        "cd myservice",
        "cargo test",
        "mcp-factory build",
    ] {
        assert!(README.contains(line) && TOUR.contains(line), "{line}");
    }
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let [programs, store, work] = ["bin", "store", "work"].map(|name| folder.path().join(name));
    for folder in [&programs, &store, &work] {
        fs::create_dir(folder).expect("the directory is ours");
    }
    let shell = || {
        let mut shell = Command::new("bash");
        shell
            .env("PATH", on_path(&programs))
            .env_remove("CARGO_TARGET_DIR");
        podman(&mut shell, &store);
        shell
    };
    let collector = Collector::start();
    let address = |port: u16| format!("127.0.0.1:{port}");
    let others = [
        (address(8080), address(free_port())),
        (address(9090), address(free_port())),
        ("http://127.0.0.1:4318".to_owned(), collector.url("http")),
    ];
    let (before, container) = TOUR.split_once(CONTAINER).expect("the page has it");
    let page = if runs_containers(shell(), &store) {
        TOUR
    } else {
        eprintln!("no container runs on this machine, so none of the tour's does: {container}");
        before
    };
    let steps = steps(page, &others);
    assert!(steps.len() > 8, "{steps:#?}");
    walk(
        &steps,
        "podman rm -f -a >/dev/null 2>&1",
        &mut shell(),
        &work,
    );

    let spans = contents(page, "json span");
    assert!(!spans.is_empty());
    for span in spans {
        let wanted: Value = serde_json::from_str(span).expect("the page shows JSON");
        let arrived = eventually(Duration::from_secs(10), || {
            collector
                .spans()
                .into_iter()
                .find(|span| says(span, &wanted))
        });
        assert!(
            arrived.is_some(),
            "{wanted} is not among {:#?}",
            collector.spans()
        );
    }
}
