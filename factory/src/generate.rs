//! A plan becomes the crate of a server on disk: rendered, locked, with its recipe and its bill of
//! materials. Only what changed is written, and cargo is only asked when what it was asked about changed.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use mcp_factory_templates::{
    Dependency, DependencySource, Mount, RenderedFile, ServerCrate, render_server,
};

use crate::{
    VERSION,
    cargo::{is_offline, metadata_of, patches},
    declared,
    emit::{check_ours, write_if_changed},
    error::{AtPath, Code, Failure, Result},
    graph::Graph,
    home::Home,
    interrupt::Interrupt,
    lockfile,
    memo::{Memo, sha256},
    paths,
    plan::{Location, Plan, PlannedPlugin},
    recipe, sbom,
};

/// Downloading every crate on a slow line.
const PATIENCE: Duration = Duration::from_mins(30);

/// Where a crate goes and what it may depend on.
#[derive(Debug)]
pub(crate) struct Generation<'a> {
    pub(crate) home: &'a Home,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) plan: &'a Plan,
    /// The manifest's text.
    pub(crate) manifest: Option<&'a str>,
    /// The directory to write.
    pub(crate) folder: PathBuf,
    /// The project's lockfile; `None` for a server without a manifest.
    pub(crate) lockfile: Option<PathBuf>,
    pub(crate) target: String,
    pub(crate) offline: bool,
    pub(crate) locked: bool,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Generated {
    pub(crate) files: usize,
    pub(crate) changed: usize,
    pub(crate) graph: Graph,
    /// Whether the project's lockfile was written.
    pub(crate) lock_changed: bool,
}

impl Generation<'_> {
    /// Writes the crate.
    pub(crate) fn write(&self) -> Result<Generated> {
        check_ours(&self.folder)?;
        let files = self.render()?;
        let mut changed = 0;
        for file in &files {
            changed += usize::from(write_if_changed(
                &self.folder.join(&file.path),
                file.contents.as_bytes(),
            )?);
        }
        let config = patches(&self.home.sources()?, &self.patched());
        write_if_changed(&self.folder.join(".cargo/config.toml"), config.as_bytes())?;
        write_if_changed(
            &self.folder.join(".gitignore"),
            b"# Belongs to this machine.\n/.cargo/\n/target/\n",
        )?;

        let graph = self.lock()?;
        let lock_path = self.folder.join("Cargo.lock");
        let lock = fs::read_to_string(&lock_path).at_path("read", &lock_path)?;
        let lock_changed = self.keep_lock(&lock)?;
        let recipe = recipe::write(self.plan, self.manifest, sha256(lock.as_bytes()));
        changed += usize::from(write_if_changed(&self.folder.join("recipe.json"), &recipe)?);
        Ok(Generated {
            files: files.len() + 2,
            changed,
            graph,
            lock_changed,
        })
    }

    /// Compares the crate on disk with what would be written; returns the files that differ.
    pub(crate) fn drift(&self) -> Result<Vec<String>> {
        let mut files = self.render()?;
        let lock = fs::read(self.folder.join("Cargo.lock")).unwrap_or_default();
        let recipe = recipe::write(self.plan, self.manifest, sha256(&lock));
        files.push(RenderedFile {
            path: "recipe.json".to_owned(),
            contents: String::from_utf8_lossy(&recipe).into_owned(),
        });
        let differs = |file: &RenderedFile| {
            fs::read(self.folder.join(&file.path))
                .map_or(true, |present| present != file.contents.as_bytes())
        };
        Ok(files
            .into_iter()
            .filter(differs)
            .map(|file| file.path)
            .collect())
    }

    fn render(&self) -> Result<Vec<RenderedFile>> {
        render_server(&self.model())
            .map_err(|error| Failure::new(Code::Internal, error.to_string()).into())
    }

    fn model(&self) -> ServerCrate {
        let plan = self.plan;
        let mut dependencies: Vec<Dependency> = plan
            .plugins
            .iter()
            .map(|plugin| self.dependency(plugin))
            .collect();
        dependencies.sort_by(|a, b| a.package.cmp(&b.package));
        dependencies.dedup_by(|later, first| {
            let same = later.package == first.package;
            if same {
                first.features.append(&mut later.features);
            }
            same
        });
        for dependency in &mut dependencies {
            dependency.features.sort();
            dependency.features.dedup();
        }
        let mount = |plugin: &PlannedPlugin| Mount {
            name: plugin.name.clone(),
            library: plugin.library.clone(),
            entry: plugin.entry.clone(),
            comment: match plugin.source.as_str() {
                "built-in" => format!("built-in {}", plugin.version),
                source => source.to_owned(),
            },
            source: plugin.source.clone(),
            prefix: plugin.prefix.clone(),
            allow: plugin.allow.clone(),
            deny: plugin.deny.clone(),
            declared: plugin.declared.iter().map(declared::render).collect(),
        };
        ServerCrate {
            name: plan.server.name.clone(),
            version: plan.server.version.clone(),
            description: plan.server.description.clone(),
            factory: VERSION.to_owned(),
            mounts: plan.plugins.iter().map(mount).collect(),
            dependencies,
            defaults: plan.defaults.to_string(),
            read_only: plan.server.read_only,
            features: plan
                .server
                .features
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }

    fn dependency(&self, plugin: &PlannedPlugin) -> Dependency {
        let source = match &plugin.location {
            Location::Cargo(source) => source.clone(),
            Location::Path(path) => {
                let path = paths::relative(&paths::canonical(&self.folder), path);
                DependencySource::Path(path.to_string_lossy().into_owned())
            }
        };
        Dependency {
            package: plugin.package.clone(),
            source,
            features: plugin.features.clone(),
        }
    }

    /// Our crates that the generated one names. Cargo complains of patches that nothing uses.
    fn patched(&self) -> Vec<&str> {
        let is_built_in = |plugin: &&PlannedPlugin| plugin.source == "built-in";
        let mut crates: Vec<&str> = self
            .plan
            .plugins
            .iter()
            .filter(is_built_in)
            .map(|plugin| plugin.package.as_str())
            .collect();
        crates.push("mcp-factory-server");
        if self
            .plan
            .plugins
            .iter()
            .any(|plugin| plugin.source != "built-in")
        {
            crates.push("mcp-factory-sdk");
        }
        crates
    }

    /// Has cargo choose the exact version of every crate, unless it has done so for these very files.
    fn lock(&self) -> Result<Graph> {
        let at = |name: &str| self.folder.join(name);
        let memo = Memo::new(
            &self.home.memo(),
            &format!("graph {VERSION} {} {}", self.target, self.folder.display()),
        );
        if let Some(graph) = memo.get() {
            return Ok(graph);
        }
        let seed = self
            .lockfile
            .as_deref()
            .map_or_else(|| crate::embedded::lockfile().to_owned(), lockfile::seed);
        write_if_changed(&at("Cargo.lock"), seed.as_bytes())?;
        let graph = self.resolve()?;
        write_if_changed(&at("sbom.bin"), &sbom::write(&graph))?;
        // The seed counts as well: a lockfile that somebody else changed starts it all over.
        let own = ["Cargo.toml", "Cargo.lock", "sbom.bin", ".cargo/config.toml"].map(at);
        self.keep_lock(&fs::read_to_string(at("Cargo.lock")).at_path("read", &at("Cargo.lock"))?)?;
        memo.put(
            own.into_iter()
                .chain(graph.manifests.clone())
                .chain(self.lockfile.clone()),
            &graph,
        );
        Ok(graph)
    }

    /// First with what is on this machine, which is quicker and moves no version; then with the network.
    fn resolve(&self) -> Result<Graph> {
        let arguments = |offline: bool| {
            let mut arguments = vec!["--filter-platform".into(), self.target.clone().into()];
            if offline {
                arguments.push("--offline".into());
            }
            arguments
        };
        let ask = |offline| metadata_of(&self.folder, arguments(offline), PATIENCE, self.interrupt);
        let mut answer = ask(true)?;
        if answer.is_err() && !self.offline {
            answer = ask(false)?;
        }
        let metadata = answer.map_err(|stderr| self.unresolved(stderr))?;
        Graph::of(&metadata)
            .ok_or_else(|| Failure::new(Code::Internal, "cargo metadata names no root").into())
    }

    fn unresolved(&self, stderr: String) -> Failure {
        if self.offline || is_offline(&stderr) {
            let why = if self.offline {
                "--offline forbids it"
            } else {
                "there is no connection"
            };
            return Failure::new(
                Code::Offline,
                format!("crates have to be downloaded, and {why}"),
            )
            .fix("connect and build once: what was downloaded is kept")
            .detail(stderr);
        }
        Failure::new(Code::Unresolved, "cargo cannot put these plugins together")
            .fix("see below; two plugins may need versions that exclude each other")
            .detail(stderr)
    }

    /// Writes the project's lockfile, or with `--locked` only compares it. Whether it was written.
    fn keep_lock(&self, lock: &str) -> Result<bool> {
        let Some(path) = &self.lockfile else {
            return Ok(false);
        };
        let text = lockfile::of_cargo(lock);
        if !self.locked {
            return write_if_changed(path, text.as_bytes());
        }
        if fs::read(path).is_ok_and(|present| present == text.as_bytes()) {
            return Ok(false);
        }
        let shown = path.file_name().map_or_else(
            || path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        );
        let problem = if path.exists() {
            "does not match the manifest"
        } else {
            "does not exist"
        };
        Err(Failure::new(
            Code::LockOutOfDate,
            format!("{shown} {problem}, and --locked forbids writing it"),
        )
        .fix("run `mcp-factory generate` without --locked and commit the file")
        .into())
    }
}

/// The file in a directory that is written for cargo and is no part of the crate's meaning.
pub(crate) fn default_folder(project: &Path, name: &str) -> PathBuf {
    project.join(".mcp-factory").join(name)
}
