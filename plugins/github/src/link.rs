//! Paging: the number of the next page, from the `Link` header. Its URL itself is never used.

use mcp_factory_outbound::{HeaderMap, header};

/// The page that `rel="next"` leads to.
pub(crate) fn next_page(headers: &HeaderMap) -> Option<u32> {
    let link = headers.get(header::LINK)?.to_str().ok()?;
    let next = link.split(',').find(|part| {
        part.split(';')
            .skip(1)
            .any(|parameter| parameter.trim().eq_ignore_ascii_case("rel=\"next\""))
    })?;
    let url = next.trim().strip_prefix('<')?.split('>').next()?;
    let (_, query) = url.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("page="))?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_factory_outbound::HeaderValue;

    #[test]
    fn only_next_counts() {
        let read = |link: &str| {
            let headers = [(header::LINK, HeaderValue::from_str(link).expect("a header"))]
                .into_iter()
                .collect();
            next_page(&headers)
        };
        let both = r#"<https://api.github.com/x?per_page=2&page=1>; rel="prev", <https://api.github.com/x?per_page=2&page=3>; rel="next""#;
        assert_eq!(read(both), Some(3));
        assert_eq!(
            read(r#"<https://api.github.com/x?page=9>; rel="last""#),
            None
        );
        assert_eq!(
            read(r#"<https://api.github.com/x?after=abc>; rel="next""#),
            None
        );
        assert_eq!(next_page(&HeaderMap::new()), None);
    }
}
