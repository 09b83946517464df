//! A built server needs nothing around it: no loader, no library, no file.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use mcp_factory_tests::{Cluster, Product, Tools, product::factory};
use serde_json::Value;

/// Runs the standard server where it is the only file there is.
fn in_an_empty_root(arguments: &[&str]) -> Output {
    in_an_empty_root_of(Product::Standard, arguments, &[])
}

/// Runs a server where it is the only file there is.
fn in_an_empty_root_of(
    product: Product,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Output {
    let root = tempfile::tempdir().expect("there is room for a directory");
    let server = root.path().join("server");
    fs::copy(product.binary(), &server).expect("the binary can be copied");
    fs::set_permissions(&server, fs::Permissions::from_mode(0o755)).expect("it is ours");
    // A user namespace of its own, so that nobody has to be root for this.
    let mut command = if rustix::process::geteuid().is_root() {
        Command::new("chroot")
    } else {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "chroot"]);
        command
    };
    command.arg(root.path()).arg("/server").args(arguments);
    command.envs(environment.iter().copied());
    command.output().expect("chroot is part of every system")
}

#[test]
fn it_answers_from_an_empty_root() {
    let roots = ["--set", "plugins.fs.roots=[\"/\"]"];
    let output = in_an_empty_root(&[&["call", "list_directory", "{}"], &roots[..]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("a typed result is JSON");
    assert_eq!(answer["entries"][0]["name"], "server", "{answer}");
    assert_eq!(answer["total"], 1, "{answer}");
}

/// The plugins of a data team, as they ship: one file, of a size that a container registry does not notice.
#[test]
fn five_plugins_are_one_small_file() {
    let size = fs::metadata(Product::Five.binary())
        .expect("it is built")
        .len();
    assert!(size <= 16 << 20, "the binary has {size} bytes");
}

/// What scanners of binaries look for: addresses that differ from start to start, everything bound before it runs, tables
/// that nobody can write to afterwards, and no stack that runs.
#[test]
fn five_plugins_are_hardened() {
    let mut readelf = Command::new("readelf");
    readelf.args(["--wide", "--dynamic", "--segments"]);
    let output = readelf.arg(Product::Five.binary()).output();
    let output = output.expect("readelf is there where a linker is");
    let said = String::from_utf8_lossy(&output.stdout);
    let line = |mark: &str| {
        let found = said.lines().find(|line| line.contains(mark));
        found.unwrap_or_else(|| panic!("no {mark} in {said}"))
    };
    assert!(line("(FLAGS_1)").ends_with("NOW PIE"), "{said}");
    assert!(line("GNU_RELRO").contains(" R "), "{said}");
    assert!(line("GNU_STACK").contains(" RW "), "{said}");
}

/// All five start where there is no other file, with a database on the network that keeps passwords, and say
/// that they are well.
#[test]
fn five_plugins_start_in_an_empty_root() {
    let cluster = Cluster::own();
    let sql = "CREATE ROLE lonely LOGIN PASSWORD 'hunter2'";
    let mut psql = Command::new("psql");
    psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]);
    let status = psql.arg(cluster.url("postgres", "postgres")).status();
    assert!(status.expect("psql is part of PostgreSQL").success());
    let url = format!(
        "postgres://lonely:hunter2@127.0.0.1:{}/postgres",
        cluster.port()
    );
    let output = in_an_empty_root_of(
        Product::Five,
        &[
            "check",
            "--json",
            "--set",
            "plugins.fs.roots=[\"/\"]",
            "--set",
            "plugins.sqlite.path=\":memory:\"",
            "--set",
            "plugins.sqlite.mode=\"readwrite\"",
            "--set",
            "plugins.postgres.url=\"env:DATABASE\"",
            "--set",
            "plugins.github.token=\"env:TOKEN\"",
            "--set",
            "plugins.github.repos=[\"acme/*\"]",
            "--set",
            "plugins.sarmalink.chain=[{ name = \"e\", model = \"m\", base_url = \"https://engine.example/v1\", keys = [\"env:TOKEN\"] }]",
        ],
        &[("DATABASE", &url), ("TOKEN", "token")],
    );
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    let check: Value = serde_json::from_str(&said).expect("it is JSON");
    let plugins = check["plugins"].as_array().expect("a list");
    assert_eq!(plugins.len(), 5, "{check}");
    assert!(
        plugins.iter().all(|plugin| plugin["healthy"] == true),
        "{check}"
    );
}

/// Names are resolved without libc, and a host is trusted by the certificates in the binary and those that it
/// is given: with nothing around it but the resolver's address and its own settings.
#[test]
fn it_reaches_a_named_host_over_tls_from_an_empty_root() {
    let _built = Product::Everything.binary();
    let root = tempfile::tempdir().expect("there is room for a directory");
    let file = |name: &str, text: &str| {
        fs::write(root.path().join(name), text).expect("the directory is ours");
    };
    let output = factory()
        .args([
            "build",
            "--profile",
            "dev",
            "--plugins",
            "sarmalink",
            "--output",
        ])
        .arg(root.path().join("server"))
        .output()
        .expect("it starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::create_dir(root.path().join("etc")).expect("the directory is ours");
    file("etc/resolv.conf", "nameserver 127.0.0.1\n");
    certificates(root.path(), "engine.example");
    let engine = "[[plugins.sarmalink.chain]]\nname = \"e\"\nmodel = \"m\"\nbase_url = \"https://engine.example/v1\"\nkeys = [\"env:KEY\"]\n";
    file(
        "with.toml",
        &format!("[plugins.sarmalink]\nroots_file = \"/authority.pem\"\n{engine}"),
    );
    file("without.toml", engine);

    let ask = |config: &str| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--net"]);
        let services = Tools::installed().python_client("services.py");
        command
            .arg(services.get_program())
            .args(services.get_args());
        command
            .arg("--inside")
            .args(["certificate.pem", "key.pem"].map(|name| root.path().join(name)));
        command
            .arg("chroot")
            .arg(root.path())
            .args(["/server", "--config", config]);
        command
            .args(["call", "ai_chat", "{\"prompt\": \"Hello?\"}"])
            .env("KEY", "k");
        command.output().expect("unshare is part of every system")
    };
    let answer = ask("/with.toml");
    let said = String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.success(), "{said}");
    let answer: Value = serde_json::from_slice(&answer.stdout).expect("a typed result is JSON");
    assert_eq!(answer["text"], "A short answer.", "{answer}");
    // Those of the binary are there, and this host is none of theirs.
    let refused = ask("/without.toml");
    let said = String::from_utf8_lossy(&refused.stdout).into_owned()
        + &String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("cannot be reached"),
        "{said}"
    );
}

/// In `folder`: `authority.pem`, and by it `certificate.pem` of `name` with `key.pem`.
fn certificates(folder: &Path, name: &str) {
    let script = format!(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout authority.key -out authority.pem \
           -days 30 -subj /CN=authority -addext basicConstraints=critical,CA:TRUE
         openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out request.pem -subj /CN={name}
         printf 'subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n' >extensions
         openssl x509 -req -in request.pem -CA authority.pem -CAkey authority.key -CAcreateserial \
           -out certificate.pem -days 30 -extfile extensions"
    );
    let output = Command::new("bash")
        .args(["-eu", "-c", &script])
        .current_dir(folder)
        .output()
        .expect("bash is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl is installed: {said}");
}
