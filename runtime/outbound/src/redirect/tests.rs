use http::HeaderValue;

use super::*;

fn to(from: &str, location: &str) -> Result<Option<String>, OutboundError> {
    let mut headers = HeaderMap::new();
    headers.insert(
        LOCATION,
        HeaderValue::from_bytes(location.as_bytes()).unwrap(),
    );
    let found = target(&from.parse().unwrap(), StatusCode::FOUND, &headers)?;
    Ok(found.map(String::from))
}

#[test]
fn a_target_may_be_relative_and_loses_its_fragment() {
    for (location, expected) in [
        ("/b?c#d", "https://a.example/b?c"),
        ("b", "https://a.example/x/b"),
        ("//b.example", "https://b.example/"),
        ("https://b.example/ü", "https://b.example/%C3%BC"),
    ] {
        let found = to("https://a.example/x/y", location).unwrap().unwrap();
        assert_eq!(found, expected, "{location}");
    }
    let upgraded = to("http://a.example/", "https://a.example/").unwrap();
    assert_eq!(upgraded.unwrap(), "https://a.example/");
}

#[test]
fn what_is_no_web_address_or_less_safe_is_an_error() {
    for (location, expected) in [
        ("http://a.example/", RedirectProblem::Downgrade),
        ("file:///etc/passwd", RedirectProblem::NotAUrl),
        ("javascript:alert(1)", RedirectProblem::NotAUrl),
        ("https://[::1", RedirectProblem::NotAUrl),
    ] {
        let error = to("https://a.example/", location).unwrap_err();
        assert!(
            matches!(error, OutboundError::Redirect(problem) if problem == expected),
            "{location}: {error}"
        );
    }
}

#[test]
fn other_answers_redirect_nowhere() {
    let from = "https://a.example/".parse().unwrap();
    let mut headers = HeaderMap::new();
    assert!(
        target(&from, StatusCode::FOUND, &headers)
            .unwrap()
            .is_none()
    );
    headers.insert(LOCATION, HeaderValue::from_static("/b"));
    for status in [200, 201, 300, 304, 305, 306, 404] {
        let status = StatusCode::from_u16(status).unwrap();
        assert!(
            target(&from, status, &headers).unwrap().is_none(),
            "{status}"
        );
    }
}

fn hop(request: Request, status: u16, to: &str) -> Result<Request, OutboundError> {
    let mut request = request;
    prepare(
        &mut request,
        StatusCode::from_u16(status).unwrap(),
        to.parse().unwrap(),
    )?;
    Ok(request)
}

fn posted() -> Request {
    Request::post("https://a.example/".parse().unwrap()).json(&[1])
}

#[test]
fn the_method_changes_as_browsers_do_it() {
    for (status, method) in [
        (301, "GET"),
        (302, "GET"),
        (303, "GET"),
        (307, "POST"),
        (308, "POST"),
    ] {
        let next = hop(posted(), status, "https://a.example/b").unwrap();
        assert_eq!(next.method, method, "{status}");
        assert_eq!(next.body.is_empty(), method == "GET", "{status}");
        assert_eq!(next.headers.contains_key(CONTENT_TYPE), method == "POST");
    }
    let url: Url = "https://a.example/".parse().unwrap();
    let head = Request::new(Method::HEAD, url.clone());
    assert_eq!(
        hop(head, 303, "https://a.example/b").unwrap().method,
        "HEAD"
    );
    let put = Request::new(Method::PUT, url).body("x");
    assert_eq!(
        hop(put.clone(), 302, "https://a.example/b").unwrap().method,
        "PUT"
    );
    assert_eq!(hop(put, 303, "https://a.example/b").unwrap().method, "GET");
}

#[test]
fn credentials_stay_with_their_origin() {
    let mut key = HeaderValue::from_static("k");
    key.set_sensitive(true);
    let request = Request::get("https://a.example/".parse().unwrap())
        .header(AUTHORIZATION, HeaderValue::from_static("Basic x"))
        .header(COOKIE, HeaderValue::from_static("c=1"))
        .header(HOST, HeaderValue::from_static("a.example"))
        .header(PROXY_AUTHORIZATION, HeaderValue::from_static("Basic y"))
        .header(HeaderName::from_static("x-api-key"), key)
        .header(
            HeaderName::from_static("accept"),
            HeaderValue::from_static("a/b"),
        );
    let same = hop(request.clone(), 302, "https://a.example:443/b").unwrap();
    assert_eq!(same.headers.len(), 6);
    for other in [
        "https://b.example/",
        "https://a.example:8443/",
        "https://a.example.evil.example/",
        "http://a.example/",
    ] {
        let next = hop(request.clone(), 302, other).unwrap();
        assert_eq!(
            next.headers.keys().collect::<Vec<_>>(),
            ["accept"],
            "{other}"
        );
        // Nor do they come back with the way back.
        let back = hop(next, 302, "https://a.example/").unwrap();
        assert_eq!(back.headers.len(), 1, "{other}");
    }
}

#[test]
fn a_body_stays_with_its_origin() {
    let error = hop(posted(), 307, "https://b.example/").unwrap_err();
    assert!(matches!(
        error,
        OutboundError::Redirect(RedirectProblem::Body)
    ));
    assert!(hop(posted(), 303, "https://b.example/").is_ok());
}
