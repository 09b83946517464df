//! The software bill of materials, in the format of `cargo-auditable`: JSON, compressed with zlib, in
//! the section `.dep-v0`. `cargo audit bin`, Trivy and Syft read it.

use miniz_oxide::{deflate::compress_to_vec_zlib, inflate::decompress_to_vec_zlib_with_limit};
use serde::{Deserialize, Serialize};

use crate::graph::Graph;

/// The section of the binary.
pub(crate) const SECTION: &str = ".dep-v0";
/// A guard against a small section that unpacks into all memory.
const MOST_BYTES: usize = 16 << 20;

/// The crates of a binary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bill {
    pub(crate) packages: Vec<BillPackage>,
}

/// A crate of a binary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BillPackage {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) source: String,
    /// `build` for what only ran while compiling; left out for the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) dependencies: Vec<usize>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) root: bool,
}

/// Writes the bill of a server.
pub(crate) fn write(graph: &Graph) -> Vec<u8> {
    let packages = graph
        .packages
        .iter()
        .map(|package| BillPackage {
            name: package.name.clone(),
            version: package.version.clone(),
            source: package.source.clone(),
            kind: package.build.then(|| "build".to_owned()),
            dependencies: package.dependencies.clone(),
            root: package.root,
        })
        .collect();
    let text =
        serde_json::to_vec(&Bill { packages }).expect("strings and numbers have a JSON form");
    compress_to_vec_zlib(&text, 7)
}

/// Reads the bill of any binary; `None` when it is not one.
pub(crate) fn read(section: &[u8]) -> Option<Bill> {
    let text = decompress_to_vec_zlib_with_limit(section, MOST_BYTES).ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::GraphPackage;

    #[test]
    fn the_bill_has_the_form_that_auditors_read() {
        let package = |name: &str, build, dependencies: &[usize], root| GraphPackage {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            source: "crates.io".to_owned(),
            build,
            dependencies: dependencies.to_vec(),
            root,
        };
        let graph = Graph {
            packages: vec![
                package("a", false, &[], false),
                package("cc", true, &[], false),
                package("x", false, &[0, 1], true),
            ],
            manifests: Vec::new(),
        };
        let bytes = write(&graph);
        let bill = read(&bytes).unwrap();
        let text = serde_json::to_string(&bill).unwrap();
        assert_eq!(
            text,
            r#"{"packages":[{"name":"a","version":"1.0.0","source":"crates.io"},{"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},{"name":"x","version":"1.0.0","source":"crates.io","dependencies":[0,1],"root":true}]}"#
        );
        assert_eq!(write(&graph), bytes);
        assert!(read(b"not zlib").is_none());
    }
}
