use super::*;

fn request() -> Request {
    Request::post("https://a.example/".parse().unwrap())
}

#[test]
fn a_token_is_not_printed() {
    let request = request().bearer(&Secret::new("canary".to_owned()));
    assert_eq!(request.headers[AUTHORIZATION], "Bearer canary");
    assert!(!format!("{request:?}").contains("canary"));
}

#[test]
fn json_says_so_unless_it_is_called_otherwise() {
    let json = request().json(&serde_json::json!({"a": 1}));
    assert_eq!(json.body, r#"{"a":1}"#);
    assert_eq!(json.headers[CONTENT_TYPE], "application/json");
    let other = HeaderValue::from_static("application/graphql+json");
    let json = request().header(CONTENT_TYPE, other.clone()).json(&1);
    assert_eq!(json.headers[CONTENT_TYPE], other);
}

#[tokio::test]
async fn what_cannot_be_sent_is_said() {
    let client = crate::Client::builder(crate::Reach::operator())
        .build()
        .unwrap();
    let token = Secret::new("a\nb".to_owned());
    let unwritable = std::collections::HashMap::from([((1, 2), 3)]);
    for (request, part) in [
        (request().bearer(&token), "the token holds a character"),
        (request().json(&unwritable), "cannot be written as JSON"),
    ] {
        let error = client.send(request).await.unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}
