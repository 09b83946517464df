//! What of the runtime a manifest asks for.

use serde_json::{Value, json};

use crate::driver::Factory;

const MANIFEST: &str =
    "[server]\nname = \"x\"\nfeatures = [\"vault\", \"otlp\"]\n\n[plugins.echo]\n";

#[test]
fn features_are_planned_and_generated_and_the_recipe_names_them() {
    let factory = Factory::with_manifest(MANIFEST);
    let plan = factory.run(&["plan", "--format", "json"]).succeeds().json();
    assert_eq!(plan["server"]["features"], json!(["vault", "otlp"]));
    let ran = factory.run(&["plan"]);
    let text = &ran.succeeds().stdout;
    assert!(text.contains("\nfeatures: vault otlp\n"), "{text}");

    factory.run(&["generate", "--out", "server"]).succeeds();
    let manifest: toml::Table = factory.read("server/Cargo.toml").parse().unwrap();
    let features = &manifest["dependencies"]["mcp-factory-server"]["features"];
    assert_eq!(features.to_string(), "[\"vault\", \"otlp\"]");
    let recipe: Value = serde_json::from_str(&factory.read("server/recipe.json")).unwrap();
    assert_eq!(recipe["server"]["features"], json!(["vault", "otlp"]));

    factory.write(
        "mcp-factory.toml",
        &MANIFEST.replace("features = [\"vault\", \"otlp\"]\n", ""),
    );
    factory
        .run(&["generate", "--out", "server", "--check"])
        .fails(7, &["Cargo.toml", "recipe.json"]);
}

#[test]
fn a_feature_that_there_is_none_of_gets_the_nearest_one() {
    let misspelt = MANIFEST.replace("\"otlp\"", "\"oltp\", \"kerberos\"");
    Factory::with_manifest(&misspelt).run(&["plan"]).fails(
        3,
        &[
            "error[MF0205]: servers have no feature \"oltp\"",
            "--> mcp-factory.toml:3:22",
            "write `otlp`",
            "servers have no feature \"kerberos\"",
            "use otlp, vault, awssm",
        ],
    );
}
