//! The bill of materials in `CycloneDX`, the form that registries and scanners take beside an image. What it
//! says is what the binary has in its section `.dep-v0`.

use serde_json::{Value, json};

use crate::{recipe::Recipe, sbom::Bill};

/// The media type, and the kind of the artifact that holds it.
pub(super) const CYCLONE_DX: &str = "application/vnd.cyclonedx+json";

/// Writes the bill of a server. It has no serial number and no date: the same binary has the same bill.
pub(super) fn cyclone_dx(recipe: &Recipe, bill: &Bill) -> Value {
    let reference = |index: usize| format!("crate-{index}");
    let server = &recipe.server;
    let mut root = json!({ "type": "application", "bom-ref": "server", "name": server.name, "version": server.version });
    if !server.description.is_empty() {
        root["description"] = json!(server.description);
    }
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for (index, package) in bill.packages.iter().enumerate() {
        let name = if package.root {
            "server".to_owned()
        } else {
            let mut component = json!({
                "type": "library",
                "bom-ref": reference(index),
                "name": package.name,
                "version": package.version,
                // What only ran while compiling is not in the image.
                "scope": if package.kind.is_some() { "excluded" } else { "required" },
            });
            // A crate of somebody's disk is not the one that the public registry has under its name.
            if package.source == "crates.io" {
                component["purl"] =
                    json!(format!("pkg:cargo/{}@{}", package.name, package.version));
            }
            components.push(component);
            reference(index)
        };
        let on: Vec<String> = package
            .dependencies
            .iter()
            .map(|on| reference(*on))
            .collect();
        dependencies.push(json!({ "ref": name, "dependsOn": on }));
    }
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": root,
            "tools": { "components": [{ "type": "application", "name": "mcp-factory", "version": recipe.factory }] },
        },
        "components": components,
        "dependencies": dependencies,
    })
}
