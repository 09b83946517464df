//! Where credentials come from. Who gives them is a stand-in that speaks as ECS, EKS, EC2 and STS do; the service
//! itself is played by moto, end to end.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use super::{credentials::Provider, *};
use crate::stand_in::{Asked, count, file, stand_in};

type Set = BTreeMap<&'static str, String>;

fn provider(variables: &Set) -> Result<Provider, String> {
    let variables = |name: &str| variables.get(name).cloned();
    Provider::new(&AwsConfig::default(), "eu-central-1", &variables)
}

async fn credentials(variables: &Set) -> Result<Credentials, String> {
    provider(variables)?.current(soon()).await
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(900)
}

/// Credentials in JSON, good for so long.
fn given(key: &str, seconds: u64) -> (u16, String) {
    let expires = stamp(SystemTime::now() + Duration::from_secs(seconds));
    // `20261121T223000Z` as it is written elsewhere.
    let digits: Vec<&str> = [0..4, 4..6, 6..8, 9..11, 11..13, 13..15]
        .map(|range| &expires[range])
        .to_vec();
    let expires = format!(
        "{}-{}-{}T{}:{}:{}Z",
        digits[0], digits[1], digits[2], digits[3], digits[4], digits[5]
    );
    let answer = json!({
        "Code": "Success", "AccessKeyId": key, "SecretAccessKey": "s-canary", "Token": "t-canary", "Expiration": expires,
    });
    (200, answer.to_string())
}

/// The metadata of a machine, which answers whoever has its token.
fn metadata(asked: &Asked) -> (u16, String) {
    const ROLES: &str = "GET /latest/meta-data/iam/security-credentials/";
    let token = asked.header("x-aws-ec2-metadata-token");
    match asked.request.as_str() {
        "PUT /latest/api/token"
            if asked.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600" =>
        {
            (200, "the-token".to_owned())
        }
        _ if token != "the-token" => (401, String::new()),
        ROLES => (200, "tools\n".to_owned()),
        request if request == format!("{ROLES}tools") => given("of-the-machine", 3600),
        _ => (404, String::new()),
    }
}

#[tokio::test]
async fn a_machine_has_a_role_and_is_asked_by_version_2() {
    let (address, asked) = stand_in(metadata);
    let machine = Set::from([("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)]);
    let mut provider = provider(&machine).unwrap();
    for _ in 0..2 {
        let credentials = provider.current(soon()).await.unwrap();
        assert_eq!(credentials.access_key.expose(), "of-the-machine");
        assert_eq!(credentials.session_token.unwrap().expose(), "t-canary");
    }
    assert_eq!(count(&asked, "PUT"), 1, "they are good for an hour");
    provider.forget();
    provider.current(soon()).await.unwrap();
    assert_eq!(count(&asked, "PUT"), 2);

    for (roles, words) in [
        (
            (404, String::new()),
            "the role of the machine: it answers with 404",
        ),
        ((200, " \n".to_owned()), "the machine has no role"),
        ((200, "../../canary".to_owned()), "its name is none"),
    ] {
        let (address, _) = stand_in(move |asked| {
            let token = || (200, "the-token".to_owned());
            let is_first = asked.request.starts_with("PUT");
            if is_first { token() } else { roles.clone() }
        });
        let machine = Set::from([("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)]);
        let error = credentials(&machine).await.unwrap_err();
        assert!(
            error.contains(words) && !error.contains("canary"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn who_is_nowhere_is_told_what_was_looked_for() {
    let nowhere = "http://127.0.0.1:1".to_owned();
    let machine = Set::from([("AWS_EC2_METADATA_SERVICE_ENDPOINT", nowhere)]);
    let error = credentials(&machine).await.unwrap_err();
    for words in [
        "AWS_ACCESS_KEY_ID is not set",
        "container",
        "EC2",
        "does not answer",
    ] {
        assert!(error.contains(words), "{error}");
    }
    let off = Set::from([("AWS_EC2_METADATA_DISABLED", "true".to_owned())]);
    let error = credentials(&off).await.unwrap_err();
    assert!(error.contains("AWS_ACCESS_KEY_ID is not set"), "{error}");
    // Without such a variable it is one address, and nothing else can be dialled.
    let instance = instance::Instance::find(&|_| None).unwrap();
    assert!(instance.reaches("http://169.254.169.254/latest"));
    for other in [
        "http://169.254.169.253/",
        "http://127.0.0.1/",
        "http://93.184.215.14/",
    ] {
        assert!(!instance.reaches(other), "{other}");
    }
}

#[tokio::test]
async fn a_container_has_a_role_and_shows_the_token_of_its_file() {
    let (address, asked) = stand_in(|asked| match asked.header("authorization") {
        "Bearer one" | "Bearer two" => given("of-the-container", 3600),
        _ => (
            403,
            r#"{"code":"AccessDenied","message":"canary"}"#.to_owned(),
        ),
    });
    let (_folder, path) = file("Bearer one\n", 0o644);
    let mut container = Set::from([
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{address}/v1/credentials"),
        ),
        (
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            path.display().to_string(),
        ),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "x-canary".to_owned()),
    ]);
    let mut pod = provider(&container).unwrap();
    let got = pod.current(soon()).await.unwrap();
    assert_eq!(got.access_key.expose(), "of-the-container");
    // EKS changes the file.
    std::fs::write(&path, "Bearer two").unwrap();
    pod.forget();
    pod.current(soon()).await.unwrap();
    let shown: Vec<String> = asked
        .lock()
        .unwrap()
        .iter()
        .map(|asked| format!("{} {}", asked.request, asked.header("authorization")))
        .collect();
    assert_eq!(
        shown,
        [
            "GET /v1/credentials Bearer one",
            "GET /v1/credentials Bearer two"
        ]
    );

    container.remove("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    let error = credentials(&container).await.unwrap_err();
    assert!(
        error.contains("refused with 403") && !error.contains("canary"),
        "{error}"
    );
    container.insert("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer two".to_owned());
    assert!(credentials(&container).await.is_ok());
    for (name, text, words) in [
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://169.254.169.254/",
            "in the clear",
        ),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "canary", "is no URL"),
        (
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "@example.com/",
            "is no path",
        ),
    ] {
        let error = credentials(&Set::from([(name, text.to_owned())])).await;
        let error = error.unwrap_err();
        assert!(error.contains(words) && error.contains(name), "{error}");
    }
}

#[tokio::test]
async fn credentials_are_got_anew_before_they_end_and_used_up_when_nobody_gives_others() {
    let (gone, number) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
    let is_gone = Arc::clone(&gone);
    let (address, asked) = stand_in(move |_| {
        if is_gone.load(Relaxed) {
            return (404, String::new());
        }
        // Less than five minutes: got anew at each use.
        given(&format!("key-{}", number.fetch_add(1, Relaxed)), 120)
    });
    let container = Set::from([("AWS_CONTAINER_CREDENTIALS_FULL_URI", address)]);
    let mut provider = provider(&container).unwrap();
    for key in ["key-0", "key-1"] {
        let got = provider.current(soon()).await.unwrap();
        assert_eq!(got.access_key.expose(), key);
    }
    gone.store(true, Relaxed);
    let got = provider.current(soon()).await.unwrap();
    assert_eq!(got.access_key.expose(), "key-1", "two minutes are left");
    assert_eq!(count(&asked, "GET /"), 3);
    provider.forget();
    assert!(provider.current(soon()).await.is_err());
}

#[tokio::test]
async fn a_web_identity_gets_its_role_of_sts() {
    let (address, asked) = stand_in(|asked| {
        if !asked.body.contains("a.b%2B.c") {
            let error = "<Error><Code>InvalidIdentityToken</Code><Message>canary</Message></Error>";
            return (400, error.to_owned());
        }
        let answer = "<R><AccessKeyId>of-sts</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
             <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></R>";
        (200, answer.to_owned())
    });
    let (_folder, path) = file("a.b+.c\n", 0o644);
    let mut identity = Set::from([
        ("AWS_WEB_IDENTITY_TOKEN_FILE", path.display().to_string()),
        (
            "AWS_ROLE_ARN",
            "arn:aws:iam::123456789012:role/tools".to_owned(),
        ),
        ("AWS_ENDPOINT_URL_STS", address),
        // It comes first.
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://127.0.0.1:1/".to_owned(),
        ),
    ]);
    let got = credentials(&identity).await.unwrap();
    assert_eq!(got.access_key.expose(), "of-sts");
    let first = asked.lock().unwrap()[0].clone();
    assert_eq!(first.request, "POST /");
    assert_eq!(
        first.body,
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15\
         &RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Ftools&RoleSessionName=mcp-factory\
         &WebIdentityToken=a.b%2B.c"
    );
    std::fs::write(&path, "canary").unwrap();
    let error = credentials(&identity).await.unwrap_err();
    assert!(
        error.contains("400")
            && error.contains("InvalidIdentityToken")
            && !error.contains("canary"),
        "{error}"
    );
    identity.remove("AWS_ROLE_ARN");
    let error = credentials(&identity).await.unwrap_err();
    assert!(error.contains("AWS_ROLE_ARN is not"), "{error}");
}

#[test]
fn regions_have_their_names() {
    assert_eq!(
        address_of("sts", "eu-central-1"),
        "https://sts.eu-central-1.amazonaws.com"
    );
    assert_eq!(
        address_of("sts", "cn-north-1"),
        "https://sts.cn-north-1.amazonaws.com.cn"
    );
}
