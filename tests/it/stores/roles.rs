//! On AWS nobody hands a server a key: its machine, its container or its account has a role. The service and STS are
//! played by moto; who hands credentials to a machine or a container, by a stand-in of the same paths and headers.

use std::fs;

use mcp_factory_tests::guarded::GATE_SECRET;
use serde_json::json;
use tempfile::TempDir;

use super::{moto, run, stand_in};

/// Answers `known` requests, each a first line and a header without which it is refused.
fn giver(known: Vec<(&'static str, &'static str, String)>) -> String {
    stand_in(move |request, headers| {
        let is_shown = |header: &str| headers.iter().any(|line| line.eq_ignore_ascii_case(header));
        let known = known
            .iter()
            .find(|(line, header, _)| request == format!("{line} HTTP/1.1") && is_shown(header));
        known.map_or((401, String::new()), |(_, _, body)| (200, body.clone()))
    })
}

#[test]
fn the_roles_of_aws_are_found_where_it_documents_them() {
    let folder = TempDir::new().expect("there is room for a directory");
    let (aws, _moto) = moto();
    let credentials = json!({
        "Code": "Success", "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "s-canary", "Token": "t-canary",
        "Expiration": "2099-01-01T00:00:00Z",
    })
    .to_string();
    let token = "x-aws-ec2-metadata-token: m-canary";
    let roles = "GET /latest/meta-data/iam/security-credentials/";
    let machine = giver(vec![
        (
            "PUT /latest/api/token",
            "x-aws-ec2-metadata-token-ttl-seconds: 21600",
            "m-canary".to_owned(),
        ),
        (roles, token, "tools".to_owned()),
        (
            "GET /latest/meta-data/iam/security-credentials/tools",
            token,
            credentials.clone(),
        ),
    ]);
    let pod = giver(vec![(
        "GET /v1/credentials",
        "authorization: p-canary",
        credentials,
    )]);
    let pod = format!("{pod}/v1/credentials");
    let file = folder.path().join("token");
    fs::write(&file, "p-canary\n").expect("the directory is ours");
    let file = file.to_str().expect("its path is text");
    let common = [
        ("MCP_SECRETS__AWSSM__ENDPOINT", aws.as_str()),
        ("AWS_REGION", "eu-central-1"),
        ("MCP_GATE__GROUPS__SHELL__SECRET", "awssm:team/gate#seed"),
    ];
    let machine = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.as_str());
    let container = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", pod.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file),
    ];
    let identity = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/tools"),
        ("AWS_ENDPOINT_URL_STS", aws.as_str()),
    ];
    for way in [&[machine][..], &container, &identity] {
        let variables = [&common[..], way].concat();
        let (code, said) = run(&["check"], &variables, &folder);
        let expected = (Some(0), "the configuration is fine");
        assert_eq!((code, said.trim()), expected, "{way:?}");
    }

    // The first that is there is taken, and no other instead of it.
    fs::write(file, "x-canary").expect("the directory is ours");
    let variables = [&common[..], &container, &[machine]].concat();
    let (code, said) = run(&["check"], &variables, &folder);
    let words = "the role of the container: its credentials are refused with 401";
    assert!(code == Some(2) && said.contains(words), "{said}");
    let off = [("AWS_EC2_METADATA_DISABLED", "true")];
    let (code, said) = run(&["check"], &[&common[..], &off].concat(), &folder);
    let words = "there are no credentials: AWS_ACCESS_KEY_ID is not set";
    assert!(code == Some(2) && said.contains(words), "{said}");
    assert!(!said.contains(GATE_SECRET), "{said}");
}
