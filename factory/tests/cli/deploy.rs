//! Files for operations: what is written, and what is not written over. The real tools judge them end to end.

use crate::driver::Factory;

const MANIFEST: &str = "schema = 1\n[server]\nname = \"files\"\nversion = \"1.2.0\"\n\
    config = { http = { listen = \"127.0.0.1:9000\" } }\n\
    [plugins.fs]\nconfig = { roots = [\"/srv/docs\", { name = \"w\", path = \"/srv/work\", mode = \"rw\" }] }\n\
    [plugins.github]\nprefix = \"gh\"\n";

#[test]
fn the_values_are_those_of_the_manifest() {
    let factory = Factory::with_manifest(MANIFEST);
    factory.run(&["deploy", "systemd"]).succeeds();
    let unit = factory.read("deploy/systemd/files.service");
    for line in [
        "--http 127.0.0.1:9000",
        "ReadOnlyPaths=/srv/docs",
        "ReadWritePaths=/srv/work",
        "GITHUB_TOKEN",
    ] {
        assert!(unit.contains(line), "{line} is not in {unit}");
    }
    let ran = factory.run(&[
        "deploy",
        "kubernetes",
        "--host",
        "mcp.acme.dev",
        "--replicas",
        "4",
        "--image",
        "r.acme.dev/files:1",
    ]);
    assert!(
        ran.succeeds().stderr.contains("marked CHANGE"),
        "{}",
        ran.stderr
    );
    let manifest = factory.read("deploy/kubernetes/deployment.yaml");
    for line in [
        "replicas: 4",
        "image: \"r.acme.dev/files:1\"",
        "mountPath: /srv/work",
        "key: GITHUB_TOKEN",
    ] {
        assert!(manifest.contains(line), "{line} is not in {manifest}");
    }
    assert!(
        factory
            .read("deploy/kubernetes/files.toml")
            .contains("https://mcp.acme.dev/mcp")
    );
    assert!(
        factory
            .read("deploy/kubernetes/network.yaml")
            .contains("# api.github.com, and")
    );
    factory.run(&["deploy", "github-actions"]).succeeds();
    assert!(
        factory
            .read(".github/workflows/files.yml")
            .contains("\"v1.2.0\"")
    );
}

#[test]
fn what_was_changed_is_not_written_over() {
    let factory = Factory::with_manifest(MANIFEST);
    factory.run(&["deploy", "nginx", "-o", "front"]).succeeds();
    factory.run(&["deploy", "nginx", "-o", "front"]).succeeds();
    let path = "front/files.conf";
    let mine = factory.read(path) + "# mine\n";
    factory.write(path, &mine);
    let before = factory.listing();
    factory
        .run(&[
            "deploy",
            "nginx",
            "-o",
            "front",
            "--host",
            "other.example.com",
        ])
        .fails(
            2,
            &[
                "error[MF0102]",
                "2 files would be written over: front/files.conf",
                "--force",
            ],
        );
    assert_eq!((factory.read(path), factory.listing()), (mine, before));
    factory
        .run(&["deploy", "nginx", "-o", "front", "--force"])
        .succeeds();
    assert!(!factory.read(path).contains("# mine"));
}

#[test]
fn a_host_is_a_name_alone() {
    let factory = Factory::with_manifest(MANIFEST);
    for host in [
        "https://mcp.example.com",
        "mcp.example.com:443",
        "a b",
        "a;b",
        "",
        ".",
        "..",
        "a..b",
    ] {
        factory
            .run(&["deploy", "nginx", "--host", host])
            .fails(2, &["is no name of a host", "--host mcp.example.com"]);
    }
    assert_eq!(factory.listing(), ["mcp-factory.toml"]);
}

/// What a crate says of itself comes to stand in files that root reads.
#[test]
fn a_plugin_writes_no_lines_of_its_own() {
    for (line, words) in [
        (
            r#"env = ["OK", "X\nExecStartPre=+/bin/sh -c 'id >pwned'\n#"]"#,
            r#"has env that cannot be: "X\nExecStartPre="#,
        ),
        (r#"env = "TOKEN""#, "has env that cannot be: \"TOKEN\""),
        (
            r#"hosts = ["*.acme.dev", "a\n    - to: []"]"#,
            "has hosts that cannot be",
        ),
        (
            r#"declared-features = ["a\"]"]"#,
            "has declared-features that cannot be",
        ),
    ] {
        let factory = Factory::with_manifest(
            "schema = 1\n[server]\nname = \"files\"\n[plugins.jira]\npath = \"jira\"\n",
        );
        factory.write_plugin("jira", "acme-jira", &["search"]);
        let manifest = factory.read("jira/Cargo.toml");
        factory.write("jira/Cargo.toml", &format!("{manifest}{line}\n"));
        factory.run(&["deploy", "systemd"]).fails(
            4,
            &[
                "error[MF0302]",
                words,
                "mcp-factory.toml:4",
                "of acme-jira",
                "fix: in its Cargo.toml, write",
            ],
        );
        assert!(
            !factory
                .listing()
                .iter()
                .any(|file| file.starts_with("deploy"))
        );
    }
}
