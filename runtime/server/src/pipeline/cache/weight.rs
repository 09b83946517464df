//! How many bytes an answer holds: its texts and data, and the blocks they are in.

use std::sync::Arc;

use mcp_factory_sdk::{Content, Output, Resource, ResourceBody, ResourcePart};
use quick_cache::Weighter;

use super::{Kept, key::Key};

/// What a row takes beside its answer: the key, the places in the table, the allocations. It also bounds how
/// many rows there are, however small the answers.
pub(super) const OF_AN_ENTRY: u64 = 512;

/// Something that can be kept.
pub(in crate::pipeline) trait Weigh {
    /// Its bytes.
    fn weight(&self) -> u64;
}

impl Weigh for Output {
    fn weight(&self) -> u64 {
        let blocks = self.blocks().iter().map(block);
        // It may be the text of the first block, and be held once.
        let first = self.blocks().first().and_then(Content::as_text);
        let is_apart = |json: &&str| first.is_none_or(|text| !std::ptr::eq(text, *json));
        let structured = self.structured_json().filter(is_apart);
        whole(blocks.sum::<usize>() + structured.map_or(0, str::len))
    }
}

impl Weigh for Resource {
    fn weight(&self) -> u64 {
        let parts = self.parts.iter().map(|part| {
            let names = option(part.uri.as_ref()) + option(part.mime_type.as_ref());
            size_of::<ResourcePart>() + names + body(&part.body)
        });
        whole(parts.sum())
    }
}

fn block(block: &Content) -> usize {
    let held = match block {
        Content::Text { text, .. } => text.len(),
        Content::Image {
            data, mime_type, ..
        }
        | Content::Audio {
            data, mime_type, ..
        } => data.len() + mime_type.len(),
        Content::Resource(resource) => {
            resource.uri.len() + option(resource.mime_type.as_ref()) + body(&resource.body)
        }
        Content::Link(link) => {
            let more = [&link.title, &link.description, &link.mime_type];
            let more = more.into_iter().map(|text| option(text.as_ref()));
            link.uri.len() + link.name.len() + more.sum::<usize>()
        }
        // A kind to come.
        other => format!("{other:?}").len(),
    };
    size_of::<Content>() + held
}

fn option(text: Option<&String>) -> usize {
    text.map_or(0, String::len)
}

fn body(body: &ResourceBody) -> usize {
    match body {
        ResourceBody::Text(text) => text.len(),
        ResourceBody::Blob(data) => data.len(),
    }
}

fn whole(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// By what each was found to weigh.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByWeight;

impl Weighter<Key, Arc<Kept>> for ByWeight {
    fn weight(&self, _: &Key, kept: &Arc<Kept>) -> u64 {
        kept.weight
    }
}

#[cfg(test)]
mod tests {
    use mcp_factory_sdk::{EmbeddedResource, Link};

    use super::*;

    #[test]
    fn everything_that_is_held_weighs() {
        let long = "x".repeat(10_000);
        let link = |change: fn(&mut Link, String)| {
            let mut link = Link::default();
            change(&mut link, long.clone());
            Output::new().link(link)
        };
        let enclosed = |uri: &str, body| {
            Output::new().resource(EmbeddedResource {
                uri: uri.to_owned(),
                mime_type: None,
                body,
            })
        };
        for output in [
            Output::new().text(long.clone()),
            Output::new().image(long.as_bytes(), "image/png"),
            Output::new().audio([], long.clone()),
            link(|link, text| link.uri = text),
            link(|link, text| link.name = text),
            link(|link, text| link.title = Some(text)),
            link(|link, text| link.description = Some(text)),
            link(|link, text| link.mime_type = Some(text)),
            enclosed(&long, ResourceBody::Text(String::new())),
            enclosed("", ResourceBody::Text(long.clone())),
            enclosed("", ResourceBody::Blob(vec![0; 10_000])),
        ] {
            let weight = output.weight();
            assert!((10_000..11_000).contains(&weight), "{weight}");
        }
        let blocks = (0..1_000).fold(Output::new(), |output, _| output.text(""));
        assert!(blocks.weight() >= 1_000 * 24, "blocks take room too");
        assert_eq!(Resource::missing().weight(), 0);
        assert!(Resource::text(long.clone()).mime_type(long).weight() >= 20_000);
    }

    #[test]
    fn structured_content_weighs() {
        let output = Output::new().structured(&std::collections::BTreeMap::from([("key", 123)]));
        assert_eq!(output.expect("it is an object").weight(), 11);
    }
}
