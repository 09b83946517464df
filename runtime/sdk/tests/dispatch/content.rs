//! What a plugin has beside tools: resources, prompts, and what completes their arguments.

use mcp_factory_sdk::{CompletionTarget, ResourceBody, ToolErrorKind, prelude::*};

use super::{fixture::PLUGIN, started};

#[tokio::test]
async fn resources_get_the_variables_of_their_uri() {
    let body = |resource: Resource| resource.parts.into_iter().next().map(|part| part.body);
    let page = started()
        .await
        .read("fixture://1999/a/b%20c")
        .await
        .expect("it is there");
    assert_eq!(
        body(page),
        Some(ResourceBody::Text("local 1999 a/b c".to_owned()))
    );
    let bytes = started()
        .await
        .read("fixture://bytes")
        .await
        .expect("it is there");
    assert_eq!(body(bytes), Some(ResourceBody::Blob(vec![0, 255])));
    let error = started()
        .await
        .read("fixture://never/a")
        .await
        .expect_err("not a year");
    assert_eq!(error.kind(), ToolErrorKind::InvalidArguments);
    let names: Vec<_> = PLUGIN
        .resources()
        .iter()
        .map(|resource| (resource.name(), resource.mime_type()))
        .collect();
    assert_eq!(
        names,
        [("page", None), ("raw", Some("application/octet-stream"))]
    );
}

#[tokio::test]
async fn prompts_get_their_arguments() {
    let words = |prompt: Prompt| prompt.messages[0].content.as_text().map(str::to_owned);
    let plugin = started().await;
    let poem = plugin
        .prompt("poem", &[("about", "Rust")])
        .await
        .expect("it is made");
    assert_eq!(words(poem).as_deref(), Some("Rust, 4 lines"));
    let poem = plugin
        .prompt("poem", &[("lines", "2"), ("about", "Rust")])
        .await
        .expect("it is made");
    assert_eq!(words(poem).as_deref(), Some("Rust, 2 lines"));
    let error = plugin
        .prompt("poem", &[("lines", "2")])
        .await
        .expect_err("no subject");
    assert_eq!(error.to_string(), "missing argument: `about`");
    let error = plugin
        .prompt("poem", &[("about", "Rust"), ("lines", "two")])
        .await
        .expect_err("no number");
    assert_eq!(error.kind(), ToolErrorKind::InvalidArguments);
    let arguments: Vec<_> = PLUGIN.prompts()[0]
        .arguments()
        .iter()
        .map(|argument| (argument.name, argument.description, argument.required))
        .collect();
    assert_eq!(
        arguments,
        [
            ("about", "What about.", true),
            ("lines", "How many lines.", false)
        ]
    );
}

#[tokio::test]
async fn completions_get_what_was_typed_and_the_rest() {
    let plugin = started().await;
    let poem = CompletionTarget::Prompt("poem");
    let completed = plugin
        .complete(poem, "about", "Ru", &[("lines", "3")])
        .await
        .expect("it answers");
    assert_eq!(completed, ["Ru!", "Some(3)"]);
    let page = CompletionTarget::Resource("fixture://{year}/{+path}");
    let completed = plugin
        .complete(page, "year", "19", &[])
        .await
        .expect("it answers");
    assert_eq!(completed, ["19", "local"]);
    assert_eq!(PLUGIN.completions()[0].scope().as_str(), "read");
}
