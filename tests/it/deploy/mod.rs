//! What `deploy` writes, judged by those it is written for: systemd, the schemas of Kubernetes and the server itself;
//! nginx and Caddy with calls through them (`front`), and replicas that come and go behind nginx (`replicas`, `gates`).

mod front;
mod gates;
mod replicas;

use std::{fs, path::Path, process::Command};

use mcp_factory_tests::{Product, Tools, product::factory};
use tempfile::TempDir;

const HOST: &str = "mcp.example.com";

fn succeeds(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let data = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {said}{data}");
    said + &data
}

/// A folder with what `deploy` writes for `platform`, for a server that is called like the standard one.
fn deployed(platform: &str, arguments: &[&str]) -> TempDir {
    deployed_as("name = \"standard\"", platform, arguments)
}

/// The same for a server of which the manifest says this.
fn deployed_as(server: &str, platform: &str, arguments: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let manifest = format!(
        "schema = 1\n[server]\n{server}\nversion = \"1.0.0\"\n[plugins.fs]\nconfig = {{ roots = [\"/srv/docs\"] }}\n[plugins.github]\nprefix = \"gh\"\n"
    );
    fs::write(folder.path().join("mcp-factory.toml"), manifest).expect("the directory is ours");
    let mut command = factory();
    command
        .args(["deploy", platform, "-o", "out"])
        .args(arguments);
    succeeds(command.current_dir(folder.path()));
    folder
}

fn edit(path: &Path, changes: &[(&str, &str)]) {
    let mut text = fs::read_to_string(path).expect("it is written");
    for (from, to) in changes {
        assert!(text.contains(from), "{from:?} is not in {text}");
        text = text.replace(from, to);
    }
    fs::write(path, text).expect("it is ours");
}

#[test]
fn systemd_takes_the_unit_and_calls_it_safe() {
    let folder = deployed("systemd", &[]);
    let unit = folder.path().join("out/standard.service");
    let binary = Product::Standard.binary().display().to_string();
    edit(&unit, &[("/usr/local/bin/standard", &binary)]);
    let said = succeeds(Command::new("systemd-analyze").arg("verify").arg(&unit));
    assert_eq!(said, "", "systemd has something to say");
    let said = succeeds(
        Command::new("systemd-analyze")
            .args(["security", "--offline=true"])
            .arg(&unit),
    );
    let level = said.rsplit("exposure level for standard.service: ").next();
    let level = level.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    let level = level.unwrap_or_else(|| panic!("no level in {said}"));
    assert!(level < 2.0, "{level} of 10: {said}");
}

#[test]
fn kubernetes_takes_the_manifests_and_the_chart() {
    for (platform, kinds) in [
        (
            "kubernetes",
            "Deployment HorizontalPodAutoscaler Ingress NetworkPolicy PodDisruptionBudget Service ServiceAccount",
        ),
        // Twice: with all that can be switched on, and without.
        (
            "helm",
            "ConfigMap ConfigMap Deployment Deployment HorizontalPodAutoscaler Ingress Ingress NetworkPolicy PodDisruptionBudget PodDisruptionBudget Service Service ServiceAccount ServiceAccount",
        ),
    ] {
        // The second is called as YAML calls nothing.
        for server in ["name = \"standard\"", "name = \"null\""] {
            let folder = deployed_as(server, platform, &[]);
            let mut command = Tools::installed().python_client("manifests.py");
            command.arg(platform).arg(folder.path().join("out"));
            assert_eq!(succeeds(&mut command).trim(), kinds, "{platform}, {server}");
        }
    }
}

/// A server that logs in to Vault with its pod's account is given the account's token, and no other is.
#[test]
fn an_account_that_vault_knows_shows_its_token() {
    let vault = "features = [\"vault\"]\nconfig = { secrets = { vault = { kubernetes = { role = \"x\" } } } }";
    for (server, automount, is_marked) in [
        (vault, true, false),
        ("features = [\"vault\"]", false, true),
        ("", false, false),
    ] {
        let server = format!("name = \"standard\"\n{server}");
        for (platform, file, setting) in [
            (
                "kubernetes",
                "deployment.yaml",
                "automountServiceAccountToken",
            ),
            ("helm", "values.yaml", "accountToken"),
        ] {
            let folder = deployed_as(&server, platform, &[]);
            let text = fs::read_to_string(folder.path().join("out").join(file));
            let text = text.expect("it is written");
            assert!(
                text.contains(&format!("{setting}: {automount}\n")),
                "{text}"
            );
            assert_eq!(text.contains("CHANGE: true, if"), is_marked, "{text}");
            let mut command = Tools::installed().python_client("manifests.py");
            command.arg(platform).arg(folder.path().join("out"));
            succeeds(&mut command);
        }
    }
}

/// The workflow's tests of plugins, with a cargo that says what it is asked: a lock that nobody committed holds nobody.
#[test]
fn the_workflow_tests_plugins_with_and_without_a_lock() {
    let folder = deployed("github-actions", &[]);
    let path = folder.path().join("out/.github/workflows/standard.yml");
    let workflow = fs::read_to_string(path).expect("it is written");
    let step = workflow
        .split("      - name: ")
        .find(|step| step.starts_with("Test the plugins\n"));
    let (_, script) = step
        .and_then(|step| step.split_once("run: |\n"))
        .expect("there is the step");
    let asked = |files: &[&str]| {
        let place = tempfile::tempdir().expect("there is room for a directory");
        for file in files {
            fs::write(place.path().join(file), "").expect("the directory is ours");
        }
        let stand_ins =
            format!("mcp-factory() {{ :; }}\ncargo() {{ echo \"cargo $*\"; }}\n{script}");
        succeeds(
            Command::new("bash")
                .args(["-ec", &stand_ins])
                .current_dir(place.path()),
        )
    };
    assert_eq!(
        asked(&["Cargo.toml", "Cargo.lock"]),
        "cargo test --locked\n"
    );
    assert_eq!(asked(&["Cargo.toml"]), "cargo test\n");
    assert_eq!(asked(&[]), "");
}

/// Every platform's configuration is one that the server takes, on an address that others reach.
#[test]
fn the_server_takes_each_configuration() {
    for platform in ["systemd", "kubernetes", "nginx", "caddy"] {
        let folder = deployed(platform, &[]);
        let mut command = Command::new(Product::Standard.binary());
        command.args([
            "check",
            "--http",
            "0.0.0.0:8080",
            "--set",
            "plugins.fs.roots=[\"/\"]",
            "--config",
        ]);
        succeeds(command.arg(folder.path().join("out/standard.toml")));
    }
}
