//! What a server was made from, in the section `.mcp-factory` of its binary: enough to say what is in it,
//! and to build it again.

use serde::{Deserialize, Serialize};

use crate::plan::Plan;

/// The section of the binary.
pub(crate) const SECTION: &str = ".mcp-factory";
/// The version of the form.
const FORMAT: u32 = 1;

/// A recipe. It holds no path of the machine it was written on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recipe {
    pub(crate) format: u32,
    /// The version of the factory.
    pub(crate) factory: String,
    pub(crate) server: RecipeServer,
    pub(crate) plugins: Vec<RecipePlugin>,
    /// SHA-256 of the lockfile.
    pub(crate) lock: String,
    /// The manifest's text; `None` when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) manifest: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecipeServer {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) read_only: bool,
    /// By name, for a later factory may know others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) features: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecipePlugin {
    pub(crate) name: String,
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) source: String,
}

/// Writes the recipe of a plan.
pub(crate) fn write(plan: &Plan, manifest: Option<&str>, lock: String) -> Vec<u8> {
    let plugin = |plugin: &crate::plan::PlannedPlugin| RecipePlugin {
        name: plugin.name.clone(),
        package: plugin.package.clone(),
        version: plugin.version.clone(),
        source: plugin.source.clone(),
    };
    let recipe = Recipe {
        format: FORMAT,
        factory: plan.factory.clone(),
        server: RecipeServer {
            name: plan.server.name.clone(),
            version: plan.server.version.clone(),
            description: plan.server.description.clone(),
            read_only: plan.server.read_only,
            features: plan
                .server
                .features
                .iter()
                .map(ToString::to_string)
                .collect(),
        },
        plugins: plan.plugins.iter().map(plugin).collect(),
        lock,
        manifest: manifest.map(str::to_owned),
    };
    let mut text = serde_json::to_vec_pretty(&recipe).expect("strings have a JSON form");
    text.push(b'\n');
    text
}

/// Reads the recipe of a binary; `None` when it is of a later form.
pub(crate) fn read(section: &[u8]) -> Option<Recipe> {
    serde_json::from_slice(section)
        .ok()
        .filter(|recipe: &Recipe| recipe.format == FORMAT)
}
