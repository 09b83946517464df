//! Images: what the command line tool writes, other people's tools take, and it runs with nothing around it.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use mcp_factory_tests::{Process, Product, eventually, product::factory};
use serde_json::Value;
use tempfile::TempDir;

/// An image of the standard server in a folder of its own.
struct Shipped {
    folder: TempDir,
    digest: String,
}

fn succeeds(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

impl Shipped {
    /// Runs `image` with these binaries and arguments; writes `x.tar`, or the folder `x` with `--layout`.
    fn new(binaries: &[&Path], arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a directory");
        let name = if arguments.contains(&"--layout") {
            "x"
        } else {
            "x.tar"
        };
        let mut command = factory();
        command.args(["image", "--format", "json", "--output", name]);
        command
            .args(binaries)
            .args(arguments)
            .current_dir(folder.path());
        let digest = json(&succeeds(&mut command))["digest"]
            .as_str()
            .map(str::to_owned);
        Self {
            folder,
            digest: digest.expect("it has a digest"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What skopeo says to `arguments`.
    fn skopeo(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("skopeo");
        command.arg("--insecure-policy").args(arguments);
        succeeds(command.current_dir(self.folder.path()))
    }

    /// A piece of the layout in the folder `x`.
    fn piece(&self, digest: &Value) -> Value {
        let digest = digest.as_str().expect("a descriptor has a digest");
        let bytes = fs::read(self.path("x/blobs").join(digest.replace(':', "/")));
        serde_json::from_slice(&bytes.expect("the piece is there")).expect("it is JSON")
    }

    /// The root that a container of the image would have: skopeo takes the image apart, tar the layer.
    fn root(&self) -> PathBuf {
        let root = self.path("root");
        self.skopeo(&["copy", "-q", "docker-archive:x.tar", "dir:apart"]);
        let manifest = fs::read(self.path("apart/manifest.json")).expect("skopeo wrote one");
        let manifest: Value = serde_json::from_slice(&manifest).expect("it is JSON");
        fs::create_dir(&root).expect("the directory is ours");
        for layer in manifest["layers"].as_array().expect("a list") {
            let digest = layer["digest"].as_str().expect("a layer has a digest");
            let layer = self
                .path("apart")
                .join(digest.trim_start_matches("sha256:"));
            succeeds(
                Command::new("tar")
                    .arg("-xf")
                    .arg(layer)
                    .arg("-C")
                    .arg(&root),
            );
        }
        root
    }
}

/// A command in `root`, as the image's user where this test may become somebody else.
fn inside(root: &Path, command: &[&str]) -> Command {
    let mut chroot = if rustix::process::geteuid().is_root() {
        let mut chroot = Command::new("chroot");
        chroot.arg("--userspec=65532:65532");
        chroot
    } else {
        let mut chroot = Command::new("unshare");
        chroot.args(["--user", "--map-root-user", "chroot"]);
        chroot
    };
    fs::set_permissions(
        root.parent().expect("it has one"),
        fs::Permissions::from_mode(0o755),
    )
    .expect("the directory is ours");
    chroot.arg(root).args(command);
    chroot
}

fn standard() -> &'static Path {
    Product::Standard.binary()
}

#[test]
fn an_image_runs_from_scratch_as_nobody() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let address = free.local_addr().expect("it is bound").to_string();
    drop(free);
    let start = [
        "--http",
        "127.0.0.1:0",
        "--management",
        address.as_str(),
        "--set",
        "plugins.fs.roots=[\"/\"]",
    ];
    let image = Shipped::new(&[standard()], &[&["--"][..], &start].concat());

    let config = json(&image.skopeo(&["inspect", "--config", "docker-archive:x.tar"]));
    let run = &config["config"];
    assert_eq!(run["User"], "65532:65532");
    assert_eq!(run["Entrypoint"], serde_json::json!(["/standard"]));
    assert_eq!(run["Cmd"], serde_json::json!(start));
    assert_eq!(run["Labels"]["org.opencontainers.image.title"], "standard");
    assert_eq!(config["created"], "1970-01-01T00:00:00Z");
    // skopeo's own type has no place for it; the bytes of the image have.
    let raw = image.skopeo(&["inspect", "--config", "--raw", "docker-archive:x.tar"]);
    let raw = json(&raw);
    let test = &raw["config"]["Healthcheck"]["Test"];
    // Port 0 is the system's to choose.
    assert_eq!(raw["config"].get("ExposedPorts"), None);

    let root = image.root();
    let files: Vec<_> = fs::read_dir(&root)
        .expect("it is unpacked")
        .map(|entry| entry.expect("it is readable").file_name())
        .collect();
    assert_eq!(files, ["standard"], "there is no file but the binary");

    let call = [
        "call",
        "list_directory",
        "{}",
        "--set",
        "plugins.fs.roots=[\"/\"]",
    ];
    let answer = json(&succeeds(&mut inside(
        &root,
        &[&["/standard"][..], &call].concat(),
    )));
    assert_eq!(answer["entries"][0]["name"], "standard", "{answer}");

    // As the platform starts it, and asks it how it is.
    let test: Vec<&str> = test
        .as_array()
        .expect("a list")
        .iter()
        .skip(1)
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(test[..2], ["/standard", "healthcheck"]);
    let healthy = || inside(&root, &test).output().expect("it can be started");
    let absent = healthy();
    assert_eq!(absent.status.code(), Some(1), "{absent:?}");
    let mut server = Process::start(&mut inside(&root, &[&["/standard"][..], &start].concat()));
    let ready = eventually(Duration::from_secs(20), || {
        let asked = healthy();
        asked.status.success().then_some(asked)
    });
    let ready = ready.unwrap_or_else(|| panic!("{}", server.stderr()));
    assert_eq!(String::from_utf8_lossy(&ready.stdout), "ready\n");
    server.terminate();
    assert!(server.ended_within(Duration::from_secs(20)).is_some());
    assert_eq!(healthy().status.code(), Some(1));
}

#[test]
fn the_same_binary_gives_the_same_image() {
    let one = Shipped::new(&[standard()], &[]);
    let two = Shipped::new(&[standard()], &[]);
    let bytes = |image: &Shipped| fs::read(image.path("x.tar")).expect("it is written");
    assert!(one.digest == two.digest && bytes(&one) == bytes(&two));
    let other = Shipped::new(
        &[standard()],
        &["--label", "org.opencontainers.image.vendor=Acme"],
    );
    assert_ne!(one.digest, other.digest);
}

/// What other tools make of the file: the digests that they compute are those that it names.
#[test]
fn one_file_is_both_kinds_of_archive() {
    let image = Shipped::new(&[standard()], &["--tag", "team/files:1"]);
    let digest = |transport: &str| {
        let said = image.skopeo(&["inspect", "--format", "{{.Digest}}", transport]);
        String::from_utf8(said.stdout)
            .expect("a digest is text")
            .trim()
            .to_owned()
    };
    assert_eq!(digest("oci-archive:x.tar:1"), image.digest);
    assert!(digest("docker-archive:x.tar:team/files:1").starts_with("sha256:"));
    // Without --http it speaks on stdio, and nobody can ask it how it is.
    let raw = json(&image.skopeo(&["inspect", "--config", "--raw", "docker-archive:x.tar"]));
    assert!(
        raw["config"]["Healthcheck"].is_null()
            && raw["config"]["Cmd"].is_null()
            && raw["config"]["ExposedPorts"].is_null(),
        "{raw}"
    );
}

/// The binary with other bytes at a place of its ELF header.
fn patched(folder: &Path, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut bytes = fs::read(standard()).expect("it is built");
    change(&mut bytes);
    let path = folder.join("patched");
    fs::write(&path, bytes).expect("the directory is ours");
    path
}

/// A second machine's binary is this one's with another machine in its header: it is packed, not run.
#[test]
fn several_architectures_are_one_image_with_a_bill_of_each() {
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let arm = patched(folder.path(), |bytes| bytes[18] = 183);
    let arguments = [
        "--layout",
        "--tag",
        "files:2",
        "--",
        "--http",
        "0.0.0.0:9000",
    ];
    let image = Shipped::new(&[standard(), &arm], &arguments);
    for machine in ["amd64", "arm64"] {
        let seen = image.skopeo(&["--override-arch", machine, "inspect", "oci:x:2"]);
        assert_eq!(json(&seen)["Architecture"], *machine);
        let config = ["--override-arch", machine, "inspect", "--config", "oci:x:2"];
        let config = json(&image.skopeo(&config));
        let ports = &config["config"]["ExposedPorts"];
        assert_eq!(*ports, serde_json::json!({ "9000/tcp": {} }));
    }
    image.skopeo(&["copy", "-q", "--all", "oci:x:2", "oci:copied:2"]);
    let index = fs::read(image.path("x/index.json")).expect("it is written");
    let index: Value = serde_json::from_slice(&index).expect("it is JSON");
    let all = image.piece(&index["manifests"][0]["digest"]);
    let entries = all["manifests"].as_array().expect("a list");
    let (bills, images): (Vec<&Value>, Vec<&Value>) = entries
        .iter()
        .partition(|entry| entry["artifactType"] == "application/vnd.cyclonedx+json");
    assert_eq!((images.len(), bills.len()), (2, 2), "{all}");
    for (image_of, bill) in images.iter().zip(bills) {
        let artifact = image.piece(&bill["digest"]);
        assert_eq!(artifact["subject"]["digest"], image_of["digest"]);
        let digest = &artifact["layers"][0]["digest"];
        let bill = image.piece(digest);
        let has = |name: &str| {
            let mut parts = bill["components"].as_array().expect("a list").iter();
            parts.any(|part| {
                part["name"] == name
                    && part["purl"]
                        .as_str()
                        .is_some_and(|purl| purl.starts_with("pkg:cargo/"))
            })
        };
        assert!(
            bill["specVersion"] == "1.5" && has("rmcp") && has("tokio"),
            "{bill}"
        );
        // It goes along to wherever the image is copied.
        let place = digest.as_str().expect("a digest is text").replace(':', "/");
        assert!(image.path("copied/blobs").join(place).is_file());
    }
}

#[test]
fn what_cannot_run_from_scratch_is_refused() {
    let folder = tempfile::tempdir().expect("there is room for a directory");
    // One of the program headers is made to ask for a loader.
    let loaded = patched(folder.path(), |bytes| {
        let at = |place: usize| {
            usize::try_from(u64::from_le_bytes(
                bytes[place..place + 8].try_into().expect("eight"),
            ))
            .expect("a place in the file")
        };
        let table = at(32);
        let stack = (0..32)
            .map(|index| table + index * 56)
            .find(|place| bytes[*place..*place + 4] == 0x6474_e551_u32.to_le_bytes())
            .expect("a program has a stack");
        bytes[stack..stack + 4].copy_from_slice(&3_u32.to_le_bytes());
    });
    let refused = |binaries: &[&Path], code: i32, words: &str| {
        let output = factory()
            .arg("image")
            .args(binaries)
            .current_dir(folder.path())
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(words), "{words:?} is not in: {said}");
    };
    refused(
        &[&loaded],
        6,
        "the binary is not static: it needs a dynamic loader",
    );
    refused(
        &[standard(), standard()],
        2,
        "two of the binaries are for linux/amd64",
    );
    refused(
        &[&std::env::current_exe().expect("a process knows its program")],
        2,
        "is no server built by mcp-factory",
    );
    assert_eq!(
        fs::read_dir(folder.path()).expect("it is ours").count(),
        1,
        "nothing was written"
    );
}
