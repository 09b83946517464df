//! Every crate that a server is made of, as cargo resolved it for one target.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use cargo_metadata::{DependencyKind, Metadata, PackageId};
use serde::{Deserialize, Serialize};

/// The crates, sorted by name and version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Graph {
    pub(crate) packages: Vec<GraphPackage>,
    /// The manifests on this machine's disk that the answer depends on.
    pub(crate) manifests: Vec<PathBuf>,
}

/// A crate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct GraphPackage {
    pub(crate) name: String,
    pub(crate) version: String,
    /// `crates.io`, `git`, `registry` or `local`.
    pub(crate) source: String,
    /// Only runs while compiling: a build script or a macro, or something that those need.
    pub(crate) build: bool,
    /// Positions in the list.
    pub(crate) dependencies: Vec<usize>,
    pub(crate) root: bool,
}

impl Graph {
    /// Reads cargo's answer; `None` when it has no root.
    pub(crate) fn of(metadata: &Metadata) -> Option<Self> {
        let resolve = metadata.resolve.as_ref()?;
        let root = resolve.root.as_ref()?;
        let nodes: BTreeMap<&PackageId, &cargo_metadata::Node> =
            resolve.nodes.iter().map(|node| (&node.id, node)).collect();
        let packages: BTreeMap<&PackageId, &cargo_metadata::Package> = metadata
            .packages
            .iter()
            .map(|package| (&package.id, package))
            .collect();
        let is_macro = |id: &PackageId| {
            packages.get(id).is_some_and(|package| {
                package
                    .targets
                    .iter()
                    .any(cargo_metadata::Target::is_proc_macro)
            })
        };

        // Whatever a normal dependency leads to is in the binary; a macro's own dependencies are not.
        let mut runtime = BTreeSet::new();
        let mut build = BTreeSet::new();
        let mut waiting = vec![(root, false)];
        while let Some((id, at_build)) = waiting.pop() {
            let at_build = at_build || is_macro(id);
            let fresh = if at_build {
                build.insert(id)
            } else {
                runtime.insert(id)
            };
            if !fresh {
                continue;
            }
            for dependency in nodes.get(id).into_iter().flat_map(|node| &node.deps) {
                let has = |kind| dependency.dep_kinds.iter().any(|found| found.kind == kind);
                if has(DependencyKind::Normal) {
                    waiting.push((&dependency.pkg, at_build));
                }
                if has(DependencyKind::Build) {
                    waiting.push((&dependency.pkg, true));
                }
            }
        }

        let mut ids: Vec<&PackageId> = runtime.union(&build).copied().collect();
        let key = |id: &PackageId| {
            packages
                .get(id)
                .map(|package| (package.name.to_string(), package.version.clone()))
        };
        ids.sort_by_key(|id| (key(id), id.repr.clone()));
        let positions: BTreeMap<&PackageId, usize> = ids
            .iter()
            .enumerate()
            .map(|(index, id)| (*id, index))
            .collect();
        let mut graph = Self::default();
        for id in &ids {
            let package = packages.get(*id)?;
            let edges = nodes.get(*id).into_iter().flat_map(|node| &node.deps);
            let used = edges.filter(|dependency| {
                dependency
                    .dep_kinds
                    .iter()
                    .any(|found| found.kind != DependencyKind::Development)
            });
            let dependencies: BTreeSet<usize> = used
                .filter_map(|dependency| positions.get(&dependency.pkg).copied())
                .collect();
            graph.packages.push(GraphPackage {
                name: package.name.to_string(),
                version: package.version.to_string(),
                source: source(package),
                build: !runtime.contains(*id),
                dependencies: dependencies.into_iter().collect(),
                root: *id == root,
            });
            if package.source.is_none() {
                graph.manifests.push(package.manifest_path.clone().into());
            }
        }
        Some(graph)
    }
}

fn source(package: &cargo_metadata::Package) -> String {
    match &package.source {
        None => "local",
        Some(source) if source.is_crates_io() => "crates.io",
        Some(source) if source.repr.starts_with("git") => "git",
        Some(_) => "registry",
    }
    .to_owned()
}
