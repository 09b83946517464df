//! Plugins from git and registries: cargo is asked to find them, through a crate that only names them.

use std::{collections::BTreeMap, time::Duration};

use mcp_factory_templates::{Dependency, ServerCrate, render_server};

use crate::{
    VERSION,
    cargo::{is_offline, metadata_of, patches},
    emit::write_if_changed,
    error::{Code, Failure, Result},
    lockfile,
    manifest::{Manifest, Origin, PluginEntry},
    memo::{Memo, sha256},
    plan::Location,
};

use super::{Resolver, local::Package, location};

/// Downloading a few crates on a slow line.
const PATIENCE: Duration = Duration::from_mins(10);

/// The packages of all plugins that are not on this machine's disk, by name.
pub(super) fn fetch(
    resolver: &Resolver<'_>,
    manifest: &Manifest,
) -> Result<BTreeMap<String, Package>> {
    let remote: Vec<&PluginEntry> = manifest
        .plugins
        .iter()
        .filter(|entry| matches!(entry.origin, Origin::Git { .. } | Origin::Registry { .. }))
        .collect();
    if remote.is_empty() {
        return Ok(BTreeMap::new());
    }
    let text = probe(&remote)?;
    let seed = lockfile::seed(&lockfile::beside(resolver.folder));
    let folder = resolver
        .home
        .root()
        .join("probe")
        .join(&sha256(format!("{text}{seed}").as_bytes())[..16]);
    let memo = Memo::new(
        &resolver.home.memo(),
        &format!("remote {VERSION} {}", folder.display()),
    );
    if let Some(packages) = memo.get() {
        return Ok(packages);
    }
    write_if_changed(&folder.join("Cargo.toml"), text.as_bytes())?;
    write_if_changed(&folder.join("src/lib.rs"), b"")?;
    write_if_changed(&folder.join("Cargo.lock"), seed.as_bytes())?;
    write_if_changed(
        &folder.join(".cargo/config.toml"),
        patches(
            &resolver.home.sources()?,
            &["mcp-factory-server", "mcp-factory-sdk"],
        )
        .as_bytes(),
    )?;
    let offline = resolver.offline.then(|| "--offline".into());
    let metadata = metadata_of(&folder, offline, PATIENCE, resolver.interrupt)?
        .map_err(|stderr| unresolved(&remote, resolver.offline, stderr))?;

    let mut packages = BTreeMap::new();
    for entry in remote {
        let (Origin::Git { package: name, .. } | Origin::Registry { package: name, .. }) =
            &entry.origin
        else {
            continue;
        };
        let found = metadata
            .packages
            .iter()
            .find(|package| package.name.as_str() == name.as_str());
        if let Some(found) = found
            && let Some(package) = Package::of(
                found,
                found
                    .manifest_path
                    .parent()
                    .map_or(folder.as_path(), AsRef::as_ref),
            )
        {
            packages.insert(name.as_str().to_owned(), package);
        }
    }
    let inputs: Vec<_> = packages
        .values()
        .flat_map(|package| package.inputs.clone())
        .collect();
    memo.put(inputs, &packages);
    Ok(packages)
}

/// The `Cargo.toml` of a crate that depends on them.
fn probe(remote: &[&PluginEntry]) -> Result<String> {
    let mut dependencies = Vec::new();
    for entry in remote {
        let (Origin::Git { package, .. } | Origin::Registry { package, .. }) = &entry.origin else {
            continue;
        };
        let Location::Cargo(source) = location(entry) else {
            continue;
        };
        let features = entry.features.iter().map(ToString::to_string).collect();
        dependencies.push(Dependency {
            package: package.as_str().to_owned(),
            source,
            features,
        });
    }
    dependencies.sort_by(|a, b| a.package.cmp(&b.package));
    dependencies.dedup_by(|a, b| a.package == b.package);
    let server = ServerCrate {
        name: "probe".to_owned(),
        version: "0.0.0".to_owned(),
        factory: VERSION.to_owned(),
        dependencies,
        ..ServerCrate::default()
    };
    let files =
        render_server(&server).map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    let manifest = files.into_iter().find(|file| file.path == "Cargo.toml");
    Ok(manifest.map(|file| file.contents).unwrap_or_default())
}

fn unresolved(remote: &[&PluginEntry], offline: bool, stderr: String) -> Failure {
    // Cargo names the crate that it could not get; the plugin is the one it names, or the only one.
    let named = |entry: &&&PluginEntry| match &entry.origin {
        Origin::Git { package, url, .. } => {
            stderr.contains(package.as_str()) || stderr.contains(url.as_str())
        }
        Origin::Registry { package, .. } => stderr.contains(package.as_str()),
        _ => false,
    };
    let entry = remote.iter().find(named).or_else(|| remote.first());
    let name = entry.map_or("?", |entry| entry.name.as_str());
    let place = entry.and_then(|entry| entry.place.as_ref());
    if offline || is_offline(&stderr) {
        let why = if offline {
            "--offline forbids it"
        } else {
            "there is no connection"
        };
        return Failure::new(
            Code::Offline,
            format!("plugin `{name}` has to be downloaded, and {why}"),
        )
        .at(place, "not on this machine")
        .fix("connect and build once: what was downloaded is kept")
        .detail(stderr);
    }
    Failure::new(
        Code::Unresolved,
        format!("cargo cannot find plugin `{name}`"),
    )
    .at(place, "this plugin")
    .fix("correct its address, version or revision")
    .detail(stderr)
}
