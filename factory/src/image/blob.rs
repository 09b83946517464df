//! What an image is made of: pieces that are named by their SHA-256, and words that point to them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::memo::sha256;

/// The media types of the OCI image specification 1.1.
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(super) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
pub(super) const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// A pointer to a piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) platform: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) annotations: Map<String, Value>,
}

impl Descriptor {
    /// The piece's place in a layout: `blobs/sha256/…`.
    pub(super) fn path(&self) -> String {
        place(&self.digest)
    }
}

/// The name of a piece: `sha256:…`.
pub(super) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256(bytes))
}

fn place(digest: &str) -> String {
    format!("blobs/{}", digest.replace(':', "/"))
}

/// The pieces, each once, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Blobs(BTreeMap<String, Vec<u8>>);

impl Blobs {
    /// Takes a piece in.
    pub(super) fn add(&mut self, media_type: &str, bytes: Vec<u8>) -> Descriptor {
        let digest = digest(&bytes);
        let size = bytes.len();
        self.0.insert(digest.clone(), bytes);
        Descriptor {
            media_type: media_type.to_owned(),
            digest,
            size,
            platform: None,
            artifact_type: None,
            annotations: Map::new(),
        }
    }

    /// Takes a piece in that is JSON.
    pub(super) fn add_json(&mut self, media_type: &str, value: &Value) -> Descriptor {
        self.add(media_type, value.to_string().into_bytes())
    }

    /// Every piece with its place in a layout.
    pub(super) fn files(&self) -> impl Iterator<Item = (String, &[u8])> {
        self.0
            .iter()
            .map(|(digest, bytes)| (place(digest), bytes.as_slice()))
    }
}
