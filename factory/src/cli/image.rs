//! `mcp-factory image`: a container image of a built server, written without Docker.

use std::{env, path::PathBuf};

use serde_json::json;

use crate::{
    built::Built,
    error::{Code, Failure, Result},
    image::{Options, assemble, write_archive, write_layout},
};

use super::{arguments::ImageArguments, binary::or_of_manifest, session::Session};

pub(super) fn run(session: &mut Session<'_>, arguments: &ImageArguments) -> Result<()> {
    let paths = if arguments.binaries.is_empty() {
        vec![or_of_manifest(session, None)?]
    } else {
        arguments.binaries.clone()
    };
    let servers = paths
        .iter()
        .map(|path| Built::read(path))
        .collect::<Result<Vec<_>>>()?;
    let server = &servers[0].recipe.server;
    let tag = reference(
        arguments.tag.as_deref().unwrap_or(&server.name),
        &server.version,
    )?;
    let options = Options {
        tag: tag.clone(),
        labels: arguments
            .labels
            .iter()
            .map(|text| label(text))
            .collect::<Result<_>>()?,
        arguments: arguments.arguments.clone(),
        created: created()?,
    };
    let image = assemble(&servers, &options)?;
    session.interrupt.check()?;
    let name = format!("{}-{}", server.name, server.version);
    let output = arguments.output.clone().unwrap_or_else(|| {
        PathBuf::from(if arguments.layout {
            format!("{name}.oci")
        } else {
            format!("{name}.tar")
        })
    });
    let size = if arguments.layout {
        write_layout(&image, &output)?;
        None
    } else {
        Some(write_archive(&image, &output)?)
    };
    let shown = output.display();
    let megabytes = size.map_or_else(String::new, |size| {
        let tenths = size * 10 / (1 << 20);
        format!(", {}.{} MiB", tenths / 10, tenths % 10)
    });
    session.report.step(
        "Wrote",
        &format!("{shown}   {tag}, {}{megabytes}", image.platforms.join(" and ")),
        &json!({ "step": "image", "path": output, "tag": tag, "digest": image.digest, "platforms": image.platforms, "size": size }),
    );
    session.report.line("Digest", &image.digest);
    let place = in_registry(&tag);
    let next = if arguments.layout {
        format!("skopeo copy --all oci:{shown} docker://{place}")
    } else {
        format!(
            "podman load -i {shown}   or   skopeo copy --all oci-archive:{shown} docker://{place}"
        )
    };
    session.report.line("Next", &next);
    Ok(())
}

/// The time that reproducible builds agree on; the beginning of time where nobody gives one.
fn created() -> Result<u64> {
    let Some(text) = env::var_os("SOURCE_DATE_EPOCH") else {
        return Ok(0);
    };
    text.to_str()
        .and_then(|text| text.parse().ok())
        .filter(|seconds| *seconds < 253_402_300_800)
        .ok_or_else(|| {
            Failure::new(
                Code::Usage,
                format!(
                    "SOURCE_DATE_EPOCH is {}, which is no number of seconds since 1970",
                    text.display()
                ),
            )
            .fix("export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)")
            .into()
        })
}

/// `NAME:TAG` as registries have it; the tag is the version where none is given.
fn reference(text: &str, version: &str) -> Result<String> {
    let (name, tag) = match text.rsplit_once(':') {
        // What is before a slash is the port of a registry.
        Some((name, tag)) if !tag.contains('/') => (name, tag.to_owned()),
        // A tag has no plus.
        _ => (text, version.replace('+', "-")),
    };
    let good = |text: &str, most: usize, marks: &str| {
        !text.is_empty()
            && text.len() <= most
            && text
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || marks.contains(letter))
            && text.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_')
    };
    let lower = name.chars().all(|letter| !letter.is_ascii_uppercase());
    if good(name, 200, "-_./:") && lower && good(&tag, 128, "-_.") {
        return Ok(format!("{name}:{tag}"));
    }
    Err(Failure::new(Code::Usage, format!("an image cannot be called {text:?}"))
        .fix("use a form such as myservice:1.0 or registry.example/team/myservice:1.0, the name in lower case")
        .into())
}

/// Where `skopeo` takes it: a name whose first part is a host's has its registry already.
fn in_registry(tag: &str) -> String {
    let host = tag.split_once('/').map(|(first, _)| first);
    if host.is_some_and(|host| host == "localhost" || host.contains(['.', ':'])) {
        tag.to_owned()
    } else {
        format!("REGISTRY/{tag}")
    }
}

/// `KEY=VALUE`.
fn label(text: &str) -> Result<(String, String)> {
    text.split_once('=')
        .filter(|(key, _)| !key.is_empty() && !key.contains(char::is_whitespace))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| {
            Failure::new(Code::Usage, format!("{text:?} is no label"))
                .fix("write --label org.opencontainers.image.source=https://…")
                .into()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_the_version_where_none_is_given() {
        for (text, whole) in [
            ("files", "files:1.0.0-rc.1-x"),
            ("files:latest", "files:latest"),
            (
                "registry.example:5000/team/files",
                "registry.example:5000/team/files:1.0.0-rc.1-x",
            ),
        ] {
            assert_eq!(reference(text, "1.0.0-rc.1+x").unwrap(), whole);
        }
        for text in ["Files", "", ":x", "a b", "files:", "files:a/b:c d"] {
            assert_eq!(
                reference(text, "1").unwrap_err().0[0].code,
                Code::Usage,
                "{text}"
            );
        }
    }

    #[test]
    fn a_registry_is_named_once() {
        for (tag, place) in [
            ("files:1", "REGISTRY/files:1"),
            ("team/files:1", "REGISTRY/team/files:1"),
            ("registry.example/files:1", "registry.example/files:1"),
            ("registry:5000/files:1", "registry:5000/files:1"),
            ("localhost/files:1", "localhost/files:1"),
        ] {
            assert_eq!(in_registry(tag), place);
        }
    }

    #[test]
    fn a_label_has_a_key_and_a_value() {
        assert_eq!(
            label("a.b=c=d").unwrap(),
            ("a.b".to_owned(), "c=d".to_owned())
        );
        assert!(label("a").is_err() && label("=c").is_err() && label("a b=c").is_err());
    }
}
