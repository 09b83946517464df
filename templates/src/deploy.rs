//! What operations puts around a server: units, manifests, front ends, workflows.

use askama::Template;

use crate::{
    filters,
    rendered::{RenderError, RenderedFile, render},
};

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeployKind {
    /// A systemd unit.
    Systemd,
    /// Kubernetes manifests with a kustomization.
    Kubernetes,
    /// A Helm chart.
    Helm,
    /// nginx in front of one or more servers of the same machine.
    Nginx,
    /// Caddy in the same place.
    Caddy,
    /// A GitHub Actions workflow.
    GithubActions,
}

/// A path that a server needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeployPath {
    /// Absolute; made of letters, digits and `/._-` alone.
    pub path: String,
    /// Whether the server writes there.
    pub writable: bool,
}

/// What a server does with the token that Kubernetes has for its account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountToken {
    /// Nothing.
    #[default]
    Unused,
    /// It may log in to Vault with it: its manifest does not say.
    Unknown,
    /// It logs in to Vault with it.
    Shown,
}

/// A server as operations sees it. Names are checked before they come here.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    /// The server's name, which is its binary's.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for; may be empty.
    pub description: String,
    /// The version of the factory.
    pub factory: String,
    /// The port that it serves on.
    pub port: u16,
    /// The port for probes and metrics, when there is one.
    pub management: Option<u16>,
    /// How many of it there are.
    pub replicas: u16,
    /// The public host.
    pub host: String,
    /// The image.
    pub image: String,
    /// Variables that its plugins read.
    pub env: Vec<String>,
    /// Files and directories that its plugins read or write.
    pub paths: Vec<DeployPath>,
    /// Hosts that its plugins talk to; for a comment.
    pub hosts: Vec<String>,
    /// Ports that it dials.
    pub egress: Vec<u16>,
    /// Whether its defaults say who may call.
    pub authenticated: bool,
    /// Whether its defaults say where replicas share.
    pub shared: bool,
    /// What it does with the token of its account on Kubernetes.
    pub account_token: AccountToken,
    /// Whether it makes sandboxes around commands.
    pub sandboxes: bool,
}

/// A deployment and what only one kind of file asks of it.
struct It<'a> {
    deployment: &'a Deployment,
    platform: &'static str,
    behind_proxy: bool,
    replicas: u16,
    home: bool,
    config: String,
}

impl std::ops::Deref for It<'_> {
    type Target = Deployment;

    fn deref(&self) -> &Deployment {
        self.deployment
    }
}

impl It<'_> {
    fn public_url(&self) -> String {
        format!("https://{}/mcp", self.host)
    }

    fn title(&self) -> &str {
        if self.description.is_empty() {
            &self.name
        } else {
            &self.description
        }
    }

    /// As names of Kubernetes are: no underscore, and a letter or a digit at the end.
    fn label(&self) -> String {
        self.name.replace('_', "-").trim_end_matches('-').to_owned()
    }

    fn mounts_token(&self) -> bool {
        self.account_token == AccountToken::Shown
    }

    fn may_want_token(&self) -> bool {
        self.account_token == AccountToken::Unknown
    }

    fn probed(&self) -> &'static str {
        if self.management.is_some() {
            "management"
        } else {
            "mcp"
        }
    }

    fn ports(&self) -> impl Iterator<Item = u16> {
        (0..self.replicas).map(|index| self.port.saturating_add(index))
    }
}

macro_rules! templates {
    ($($name:ident = $path:literal, $syntax:literal;)*) => {
        $(
            #[derive(Template)]
            #[template(path = $path, syntax = $syntax)]
            struct $name<'a> {
                it: &'a It<'a>,
            }
        )*
    };
}

templates! {
    ServerToml = "deploy/server.toml.askama", "default";
    Unit = "deploy/systemd/service.askama", "default";
    NginxConf = "deploy/nginx/conf.askama", "default";
    NginxProxy = "deploy/nginx/proxy.askama", "default";
    Caddyfile = "deploy/caddy/Caddyfile.askama", "default";
    Workflow = "deploy/github/workflow.askama", "angle";
    KubernetesDeployment = "deploy/kubernetes/deployment.askama", "default";
    KubernetesService = "deploy/kubernetes/service.askama", "default";
    KubernetesAvailability = "deploy/kubernetes/availability.askama", "default";
    KubernetesNetwork = "deploy/kubernetes/network.askama", "default";
    KubernetesIngress = "deploy/kubernetes/ingress.askama", "default";
    Kustomization = "deploy/kubernetes/kustomization.askama", "default";
    Chart = "deploy/helm/Chart.askama", "angle";
    Values = "deploy/helm/values.askama", "angle";
    ChartDeployment = "deploy/helm/templates/deployment.askama", "angle";
    ChartRest = "deploy/helm/templates/rest.askama", "angle";
}

/// What is written without quotes has to be what it says: units and manifests are read by root.
fn check_names(deployment: &Deployment) -> Result<(), RenderError> {
    let made_of = |text: &str, marks: &str| {
        let good = |letter: char| letter.is_ascii_alphanumeric() || marks.contains(letter);
        !text.is_empty() && text.chars().all(good)
    };
    let env = deployment.env.iter().map(|name| (name, "_"));
    let paths = deployment.paths.iter().map(|path| (&path.path, "/._-"));
    let host = std::iter::once((&deployment.host, ".-"));
    match env
        .chain(paths)
        .chain(host)
        .find(|(text, marks)| !made_of(text, marks))
    {
        Some((text, _)) => Err(RenderError::Name(text.clone())),
        None => Ok(()),
    }
}

/// Renders the files of one kind.
///
/// # Errors
/// When a variable, the host or a path is none, or a rendered file does not parse.
pub fn render_deployment(
    deployment: &Deployment,
    kind: DeployKind,
) -> Result<Vec<RenderedFile>, RenderError> {
    check_names(deployment)?;
    let (platform, behind_proxy, alone) = match kind {
        DeployKind::Systemd => ("systemd", true, true),
        DeployKind::Nginx => ("nginx", true, false),
        DeployKind::Caddy => ("Caddy", true, false),
        DeployKind::Kubernetes => ("Kubernetes", false, false),
        DeployKind::Helm => ("Helm", false, false),
        DeployKind::GithubActions => ("GitHub", false, false),
    };
    let mut it = It {
        deployment,
        platform,
        behind_proxy,
        replicas: if alone { 1 } else { deployment.replicas },
        home: deployment
            .paths
            .iter()
            .any(|path| path.path.starts_with("/home/") || path.path.starts_with("/root/")),
        config: String::new(),
    };
    let server = render(format!("{}.toml", it.name), &ServerToml { it: &it })?;
    it.config.clone_from(&server.contents);
    let it = &it;
    let name = &it.name;
    Ok(match kind {
        DeployKind::Systemd => vec![render(format!("{name}.service"), &Unit { it })?, server],
        DeployKind::Nginx => vec![
            render(format!("{name}.conf"), &NginxConf { it })?,
            render(format!("{}/proxy.conf", it.host), &NginxProxy { it })?,
            server,
        ],
        DeployKind::Caddy => vec![render("Caddyfile", &Caddyfile { it })?, server],
        DeployKind::GithubActions => {
            vec![render(
                format!(".github/workflows/{name}.yml"),
                &Workflow { it },
            )?]
        }
        DeployKind::Kubernetes => vec![
            render("availability.yaml", &KubernetesAvailability { it })?,
            render("deployment.yaml", &KubernetesDeployment { it })?,
            render("ingress.yaml", &KubernetesIngress { it })?,
            render("kustomization.yaml", &Kustomization { it })?,
            render("network.yaml", &KubernetesNetwork { it })?,
            render("service.yaml", &KubernetesService { it })?,
            server,
        ],
        DeployKind::Helm => vec![
            render("Chart.yaml", &Chart { it })?,
            render("templates/deployment.yaml", &ChartDeployment { it })?,
            render("templates/service.yaml", &ChartRest { it })?,
            render("values.yaml", &Values { it })?,
        ],
    })
}
