//! How failures look on a terminal, and in JSON.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

use super::Failure;

/// The text for people, with colours that the writer strips where they are not wanted.
pub(crate) fn render(failure: &Failure) -> String {
    let title = Level::ERROR
        .primary_title(&failure.message)
        .id(failure.code.id());
    let mut group = Group::with_title(title);
    if let Some((place, label)) = &failure.place {
        let annotation = AnnotationKind::Primary
            .span(place.span.clone())
            .label(label.as_str());
        group = group.element(
            Snippet::source(place.source.text.as_str())
                .path(place.source.path.as_str())
                .annotation(annotation),
        );
    }
    for note in &failure.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(fix) = &failure.fix {
        group = group.element(Level::HELP.with_name("fix").message(fix.as_str()));
    }
    let mut text = Renderer::styled().render(&[group]);
    if let Some(detail) = &failure.detail {
        text.push_str("\n\n");
        text.push_str(detail.trim_end());
    }
    text
}

/// The same for programs.
pub(crate) fn to_json(failure: &Failure) -> Value {
    let mut value = json!({ "code": failure.code.id(), "message": failure.message });
    if let Some((place, label)) = &failure.place {
        let (line, column) = place.line_and_column();
        value["file"] = json!(place.source.path);
        value["line"] = json!(line);
        value["column"] = json!(column);
        value["label"] = json!(label);
    }
    if !failure.notes.is_empty() {
        value["notes"] = json!(failure.notes);
    }
    if let Some(fix) = &failure.fix {
        value["fix"] = json!(fix);
    }
    if let Some(detail) = &failure.detail {
        value["detail"] = json!(detail);
    }
    value
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::error::{Code, Place, Source};

    #[test]
    fn a_failure_shows_its_place_and_its_fix() {
        let text = "[server]\nnmae = \"x\"\n".to_owned();
        let source = Arc::new(Source {
            path: "mcp-factory.toml".to_owned(),
            text,
        });
        let place = Place {
            source,
            span: 9..13,
        };
        let failure = Failure::new(Code::UnknownKey, "unknown key `nmae`")
            .at(Some(&place), "nothing reads this")
            .fix("write `name`");
        let shown = anstream::adapter::strip_str(&render(&failure)).to_string();
        assert_eq!(
            shown,
            "error[MF0202]: unknown key `nmae`\n --> mcp-factory.toml:2:1\n  |\n2 | nmae = \"x\"\n  | ^^^^ nothing reads this\n  |\n  = fix: write `name`"
        );
        assert_eq!(to_json(&failure)["line"], 2);
        assert_eq!(to_json(&failure)["column"], 1);
    }
}
