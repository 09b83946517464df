//! An image for container platforms, made of a static binary and nothing else: no Docker, no base, no shell.
//!
//! In the room: the pieces and their names (`blob`), the one layer (`layer`), the bill of materials (`bill`),
//! what it all adds up to (here), and the file or folder it is written into (`write`). The same binaries and
//! the same options give the same digest.

mod bill;
mod blob;
mod layer;
mod time;
mod write;

use std::fs;

use serde_json::{Map, Value, json};

use crate::{
    built::Built,
    error::{AtPath as _, Code, Failure, Result},
    started,
    verify::elf,
};

use bill::{CYCLONE_DX, cyclone_dx};
use blob::{Blobs, CONFIG, Descriptor, EMPTY, INDEX, LAYER, MANIFEST};

pub(crate) use time::rfc3339;
pub(crate) use write::{write_archive, write_layout};

/// Nobody: the user that images without users run as.
const USER: &str = "65532:65532";

/// What is asked for beside the binaries.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// `NAME:TAG`.
    pub(crate) tag: String,
    /// Labels beside our own, or in their place.
    pub(crate) labels: Vec<(String, String)>,
    /// What the server is started with.
    pub(crate) arguments: Vec<String>,
    /// The time that is written down as the image's; seconds since 1970.
    pub(crate) created: u64,
}

/// An image, ready to be written.
#[derive(Debug)]
pub(crate) struct Image {
    blobs: Blobs,
    /// `index.json` of a layout.
    index: Value,
    /// `manifest.json` of what `docker load` takes; `None` for several architectures, which it cannot hold.
    docker: Option<Value>,
    /// The digest of the whole.
    pub(crate) digest: String,
    /// Such as `linux/amd64`.
    pub(crate) platforms: Vec<String>,
}

/// Puts binaries together: one for each architecture.
///
/// # Errors
/// When a binary is not static or for a machine that images do not know, and when two do not belong together.
pub(crate) fn assemble(servers: &[Built], options: &Options) -> Result<Image> {
    let mut blobs = Blobs::default();
    let mut manifests: Vec<Value> = Vec::new();
    let mut bills: Vec<Value> = Vec::new();
    let mut docker = Vec::new();
    let mut platforms: Vec<String> = Vec::new();
    let mut servers: Vec<&Built> = servers.iter().collect();
    servers.sort_by(|a, b| a.facts.machine.cmp(&b.facts.machine));
    if let Some((first, others)) = servers.split_first() {
        others.iter().try_for_each(|other| alike(first, other))?;
    }
    for server in &servers {
        elf::check_static(&server.facts)?;
        let architecture = architecture(server)?;
        let platform = format!("linux/{architecture}");
        if platforms.contains(&platform) {
            let message = format!("two of the binaries are for {platform}");
            return Err(Failure::new(Code::Usage, message)
                .fix("name one binary for each architecture")
                .into());
        }
        let one = manifest(&mut blobs, server, architecture, options)?;
        docker.push(json!({
            "Config": one.config.path(),
            "RepoTags": [options.tag],
            "Layers": [one.layer.path()],
        }));
        bills.extend(attach(&mut blobs, server, &one.manifest));
        manifests.push(json!(one.manifest));
        platforms.push(platform);
    }
    manifests.extend(bills);
    let index = json!({
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": manifests,
        "annotations": annotations(servers[0], options),
    });
    let mut whole = blobs.add_json(INDEX, &index);
    let reference = options
        .tag
        .rsplit_once(':')
        .map_or("latest", |(_, tag)| tag);
    whole.annotations = Map::from_iter([
        ("io.containerd.image.name".to_owned(), json!(options.tag)),
        (
            "org.opencontainers.image.ref.name".to_owned(),
            json!(reference),
        ),
    ]);
    let digest = whole.digest.clone();
    Ok(Image {
        blobs,
        index: json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [whole] }),
        docker: (docker.len() == 1).then_some(Value::Array(docker)),
        digest,
        platforms,
    })
}

/// Both are one server, for two machines.
fn alike(first: &Built, other: &Built) -> Result<()> {
    let identity = |built: &Built| {
        let server = &built.recipe.server;
        format!("{} {}", server.name, server.version)
    };
    let (one, two) = (identity(first), identity(other));
    if one == two {
        return Ok(());
    }
    let message = format!(
        "{} is {one} and {} is {two}: an image is one server",
        first.path.display(),
        other.path.display()
    );
    Err(Failure::new(Code::Usage, message)
        .fix("make an image of each")
        .into())
}

/// The machine as images name it.
fn architecture(server: &Built) -> Result<&'static str> {
    match server.facts.machine.as_str() {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        "riscv64" => Ok("riscv64"),
        "s390x" => Ok("s390x"),
        "powerpc64" => Ok("ppc64le"),
        other => {
            let message = format!(
                "{} is for {other}, which images have no name for",
                server.path.display()
            );
            Err(Failure::new(Code::NotExecutable, message).into())
        }
    }
}

/// The image of one architecture, by its parts.
struct One {
    config: Descriptor,
    layer: Descriptor,
    manifest: Descriptor,
}

fn manifest(
    blobs: &mut Blobs,
    server: &Built,
    architecture: &str,
    options: &Options,
) -> Result<One> {
    let name = &server.recipe.server.name;
    let binary = fs::read(&server.path).at_path("read", &server.path)?;
    let packed = layer::layer(name, &binary).at_path("pack", &server.path)?;
    let unpacked = blob::digest(&packed.tar);
    let config = config(server, architecture, &unpacked, options);
    let config = blobs.add_json(CONFIG, &config);
    let layer = blobs.add(LAYER, packed.gzip);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config,
        "layers": [layer],
        "annotations": annotations(server, options),
    });
    let mut manifest = blobs.add_json(MANIFEST, &manifest);
    manifest.platform = Some(json!({ "architecture": architecture, "os": "linux" }));
    Ok(One {
        config,
        layer,
        manifest,
    })
}

/// What a container of the image is started with.
fn config(server: &Built, architecture: &str, layer: &str, options: &Options) -> Value {
    let program = format!("/{}", server.recipe.server.name);
    let created = rfc3339(options.created);
    let mut run = json!({
        "User": USER,
        "Entrypoint": [program],
        "WorkingDir": "/",
        "StopSignal": "SIGTERM",
        "Labels": annotations(server, options),
    });
    if !options.arguments.is_empty() {
        run["Cmd"] = json!(options.arguments);
    }
    if let Some(address) = started::http(&options.arguments) {
        let manifest = server.recipe.manifest.as_deref();
        let port = port(&options.arguments, address, manifest);
        // One that the system chooses cannot be named.
        if port != 0 {
            run["ExposedPorts"] = json!({ format!("{port}/tcp"): {} });
        }
        // Nanoseconds, as the format has it. Docker runs it; Kubernetes has probes of its own.
        run["Healthcheck"] = json!({
            "Test": health_test(program, &options.arguments),
            "Interval": 30_000_000_000_u64,
            "Timeout": 5_000_000_000_u64,
            "StartPeriod": 10_000_000_000_u64,
            "Retries": 3,
        });
    }
    json!({
        "created": created,
        "architecture": architecture,
        "os": "linux",
        "config": run,
        "rootfs": { "type": "layers", "diff_ids": [layer] },
        "history": [{ "created": created, "created_by": format!("mcp-factory {}", crate::VERSION) }],
    })
}

/// The server's own question, with the options that tell it where the server listens.
fn health_test(program: String, arguments: &[String]) -> Vec<String> {
    let mut test = vec!["CMD".to_owned(), program, "healthcheck".to_owned()];
    test.extend(started::options(arguments));
    test
}

/// The port that the server listens on with these arguments: theirs, or the manifest's, or the usual one. A file that
/// `--config` names is not in the image, and not asked.
fn port(arguments: &[String], address: &str, manifest: Option<&str>) -> u16 {
    let set = started::setting(arguments, "http.listen").map(|value| value.trim_matches('"'));
    let address = Some(address).filter(|address| !address.is_empty());
    if let Some(listen) = address.or(set) {
        return started::port(listen);
    }
    let manifest = toml::from_str::<toml::Table>(manifest.unwrap_or_default()).unwrap_or_default();
    let listen = ["server", "config", "http", "listen"]
        .iter()
        .try_fold(&toml::Value::Table(manifest), |value, key| value.get(key))
        .and_then(toml::Value::as_str)
        .map(started::port);
    listen.unwrap_or(started::PORT)
}

/// The names of the OCI specification, and the factory's own.
fn annotations(server: &Built, options: &Options) -> Value {
    let recipe = &server.recipe;
    let plugins: Vec<String> = recipe
        .plugins
        .iter()
        .map(|plugin| format!("{} {}", plugin.name, plugin.version))
        .collect();
    let mut labels = std::collections::BTreeMap::from([
        (
            "org.opencontainers.image.title",
            recipe.server.name.as_str(),
        ),
        (
            "org.opencontainers.image.version",
            recipe.server.version.as_str(),
        ),
        (
            "org.opencontainers.image.description",
            recipe.server.description.as_str(),
        ),
        ("mcp-factory.version", recipe.factory.as_str()),
    ]);
    let (created, plugins) = (rfc3339(options.created), plugins.join(", "));
    labels.insert("mcp-factory.plugins", &plugins);
    labels.insert("org.opencontainers.image.created", &created);
    labels.extend(
        options
            .labels
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str())),
    );
    labels.retain(|_, value| !value.is_empty());
    json!(labels)
}

/// The bill of materials, as an artifact that says which image it is of.
fn attach(blobs: &mut Blobs, server: &Built, subject: &Descriptor) -> Option<Value> {
    let bill = cyclone_dx(&server.recipe, server.bill.as_ref()?);
    let bill = blobs.add_json(CYCLONE_DX, &bill);
    let empty = blobs.add(EMPTY, b"{}".to_vec());
    let subject = json!({
        "mediaType": subject.media_type,
        "digest": subject.digest,
        "size": subject.size,
    });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": CYCLONE_DX,
        "config": empty,
        "layers": [bill],
        "subject": subject,
    });
    let mut manifest = blobs.add_json(MANIFEST, &manifest);
    manifest.artifact_type = Some(CYCLONE_DX.to_owned());
    // Nobody runs it, so no machine is the right one.
    manifest.platform = Some(json!({ "architecture": "unknown", "os": "unknown" }));
    Some(json!(manifest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_that_of_the_arguments_or_of_the_manifest() {
        let manifest = "[server]\nconfig = { http = { listen = \"0.0.0.0:8081\" } }";
        let set = ["--set", "http.listen=8082"].map(str::to_owned);
        assert_eq!(port(&set, "0.0.0.0:8083", Some(manifest)), 8083);
        assert_eq!(port(&set, "", Some(manifest)), 8082);
        assert_eq!(port(&[], "", Some(manifest)), 8081);
        assert_eq!(port(&[], "", None), 8080);
    }

    #[test]
    fn a_server_that_is_told_to_serve_can_be_asked_how_it_is() {
        for words in [
            &["serve", "--http", "0.0.0.0:8080"][..],
            &["--http", "0.0.0.0:8080"],
        ] {
            let arguments: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(
                health_test("/x".to_owned(), &arguments),
                ["CMD", "/x", "healthcheck", "--http", "0.0.0.0:8080"]
            );
        }
    }
}
