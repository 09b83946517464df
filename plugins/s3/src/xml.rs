//! As much XML as stores answer with: elements and text, in a bounded body. No entities but the five of XML
//! and numbers, no document types, nothing that refers elsewhere.

/// What comes next in a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Open(String),
    Close(String),
    Text(String),
}

/// The pieces of a document, comments and declarations left out. `None` when it is not of that kind.
pub(crate) fn pieces(document: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = document;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        if !before.trim().is_empty() {
            pieces.push(Piece::Text(unescaped(before)?));
        }
        if tag.starts_with("<!--") {
            rest = tag.split_once("-->")?.1;
            continue;
        }
        // A document type can hold anything; no store sends one.
        if tag.starts_with("<!") {
            return None;
        }
        let (inside, after) = tag[1..].split_once('>')?;
        rest = after;
        if inside.starts_with('?') {
            continue;
        }
        if let Some(name) = inside.strip_prefix('/') {
            pieces.push(Piece::Close(local(name)?));
            continue;
        }
        let name = local(inside.trim_end_matches('/'))?;
        pieces.push(Piece::Open(name.clone()));
        if inside.ends_with('/') {
            pieces.push(Piece::Close(name));
        }
    }
    rest.trim().is_empty().then_some(pieces)
}

/// The name of an element without prefix and attributes.
fn local(inside: &str) -> Option<String> {
    let name = inside.split_whitespace().next()?;
    let name = name.rsplit(':').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let (entity, after) = rest[at + 1..].split_once(';')?;
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            number => {
                let number = number.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)?
            }
        });
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// The texts of a document by the path of their element, such as `ListBucketResult/Contents/Key`, in order.
pub(crate) fn texts(document: &str) -> Option<Vec<(String, String)>> {
    let mut path: Vec<String> = Vec::new();
    let mut texts = Vec::new();
    for piece in pieces(document)? {
        match piece {
            Piece::Open(name) if path.len() < 16 => {
                path.push(name);
                // An element without text counts too: it begins an entry.
                texts.push((path.join("/"), String::new()));
            }
            Piece::Open(_) => return None,
            Piece::Close(name) => {
                if path.pop()? != name {
                    return None;
                }
            }
            Piece::Text(text) => match texts.last_mut() {
                Some((at, last)) if *at == path.join("/") && last.is_empty() => *last = text,
                _ => return None,
            },
        }
    }
    path.is_empty().then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_at_their_paths() {
        let document = "<?xml version=\"1.0\"?>\n<!-- x --><A xmlns=\"u\">\n <b>1 &amp; &lt;2&#x20;&#51;</b><c/><ns:d a='1'><e> x </e></ns:d></A>\n";
        let expected = [
            ("A", ""),
            ("A/b", "1 & <2 3"),
            ("A/c", ""),
            ("A/d", ""),
            ("A/d/e", " x "),
        ];
        let expected: Vec<_> = expected
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .into();
        assert_eq!(texts(document), Some(expected));
    }

    #[test]
    fn what_is_none_is_none() {
        for bad in [
            "text",
            "<a>",
            "</a>",
            "<a></b>",
            "<a",
            "<a>&x;</a>",
            "<a>&#xD800;</a>",
            "<a>&amp</a>",
            "<a/>text",
            "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
            "<a>x<b/>y</a>",
            "<>x</>",
            "<!-- <a/>",
            &"<a>".repeat(100_000),
        ] {
            assert_eq!(texts(bad), None, "{}", &bad[..bad.len().min(60)]);
        }
    }
}
