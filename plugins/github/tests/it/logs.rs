//! Logs: fetched from where GitHub keeps them, without the token, and only from where that may be.

use serde_json::{Value, json};

use crate::fake::{Fake, Reply, Seen};
use crate::plugin::{at, start};

fn job() -> Value {
    json!({ "id": 5, "run_id": 9, "name": "build", "status": "completed", "conclusion": "failure" })
}

/// GitHub's side: the job, its run from `head`, and a log that is kept at `place`.
fn answers(place: String, head: &'static str) -> impl Fn(&Seen) -> Reply {
    move |seen| {
        let path = seen.line.split(['?', ' ']).nth(1).unwrap_or_default();
        match path
            .strip_prefix("/repos/acme/tool/actions/")
            .unwrap_or_default()
        {
            "jobs/5" => Reply::json(200, &job()),
            "jobs/5/logs" => Reply::text(302, "").header("location", &place),
            "runs/9" => Reply::json(200, &run(head)),
            "runs/9/jobs" => Reply::json(200, &json!({ "jobs": [job()] })),
            "runs" => Reply::json(200, &json!({ "workflow_runs": [run(head)] })),
            _ => Reply::text(404, "{}"),
        }
    }
}

fn run(head: &str) -> Value {
    json!({ "id": 9, "name": "CI", "head_branch": "topic", "head_sha": "s", "status": "completed", "conclusion": "failure", "head_repository": { "full_name": head } })
}

async fn storage() -> Fake {
    Fake::bare(|seen| {
        assert!(
            !seen.headers.contains_key("authorization"),
            "the token went to the storage"
        );
        match seen.line.as_str() {
            "GET /log?sig=1" => Reply::text(
                200,
                format!(
                    "{}\u{1B}[31merror: it broke\u{1B}[0m\nlast\n",
                    "line\n".repeat(100_000)
                ),
            ),
            "GET /gone" => Reply::text(404, "canary"),
            _ => Reply::text(500, "canary"),
        }
    })
    .await
}

fn host(fake: &Fake) -> String {
    fake.url().trim_start_matches("http://").to_owned()
}

#[tokio::test]
async fn a_log_is_fetched_without_the_token() {
    let storage = storage().await;
    let github = Fake::start(answers(format!("{}/log?sig=1", storage.url()), "acme/tool")).await;
    let it = start(
        &github.url(),
        "t",
        json!({ "download_hosts": [host(&storage)] }),
    )
    .await;
    let shown = it
        .ok(
            "get_job_logs",
            at("tool", json!({ "job_id": 5, "tail": 2 })),
        )
        .await;
    assert_eq!(shown["log"], "error: it broke\nlast");
    assert_eq!(shown["jobs"][0]["name"], "build");
    let more = it
        .ok(
            "get_job_logs",
            at("tool", json!({ "job_id": 5, "tail": 90_000 })),
        )
        .await;
    assert!(more["log"].as_str().expect("a log").len() <= 256 << 10);
    let jobs = it
        .ok("get_job_logs", at("tool", json!({ "run_id": 9 })))
        .await;
    assert_eq!(
        (jobs["jobs"][0]["id"].as_i64(), jobs["log"].is_null()),
        (Some(5), true)
    );
    assert_eq!(storage.lines().len(), 2);
}

#[tokio::test]
async fn a_log_is_not_fetched_from_inside_the_network() {
    let storage = storage().await;
    for place in [
        format!("{}/log?sig=1", storage.url()),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://[::1]/x".to_owned(),
    ] {
        let github = Fake::start(answers(place, "acme/tool")).await;
        let it = start(&github.url(), "t", json!({})).await;
        let error = it
            .error("get_job_logs", at("tool", json!({ "job_id": 5 })))
            .await;
        assert!(error.contains("on a host that this server may not reach; its operator can name it in `download_hosts`"), "{error}");
    }
    assert_eq!(storage.lines(), [""; 0]);
}

#[tokio::test]
async fn a_log_that_is_gone_or_broken_is_said_so() {
    let storage = storage().await;
    for (path, words) in [
        ("gone", "acme/tool: job 5 is gone"),
        ("broken", "status 500 of its storage"),
    ] {
        let github = Fake::start(answers(format!("{}/{path}", storage.url()), "acme/tool")).await;
        let it = start(
            &github.url(),
            "t",
            json!({ "download_hosts": [host(&storage)] }),
        )
        .await;
        let error = it
            .error("get_job_logs", at("tool", json!({ "job_id": 5 })))
            .await;
        assert!(
            error.contains(words) && !error.contains("canary"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn under_lockdown_a_forks_run_is_its_owners_text() {
    let storage = storage().await;
    let github = Fake::start(answers(
        format!("{}/log?sig=1", storage.url()),
        "mallory/tool",
    ))
    .await;
    let open = start(
        &github.url(),
        "t",
        json!({ "download_hosts": [host(&storage)] }),
    )
    .await;
    assert_eq!(
        open.ok("list_workflow_runs", at("tool", json!({}))).await["items"][0]["branch"],
        "topic"
    );
    let it = start(
        &github.url(),
        "t",
        json!({ "lockdown": "association", "download_hosts": [host(&storage)] }),
    )
    .await;
    let runs = it.ok("list_workflow_runs", at("tool", json!({}))).await;
    assert!(
        runs["items"][0]["branch"].is_null() && runs["items"][0]["id"] == 9,
        "{runs}"
    );
    let error = it
        .error("get_job_logs", at("tool", json!({ "job_id": 5 })))
        .await;
    assert!(
        error.contains("acme/tool: job 5 is outsiders' work"),
        "{error}"
    );
    assert_eq!(storage.lines(), [""; 0]);
}

#[tokio::test]
async fn a_log_that_the_api_keeps_itself_is_fetched_there_without_the_token() {
    let at_storage = answers("/storage/log".to_owned(), "acme/tool");
    let github = Fake::start(move |seen| match seen.line.as_str() {
        "GET /storage/log" => {
            assert!(
                !seen.headers.contains_key("authorization"),
                "the token went along"
            );
            Reply::text(200, "kept here")
        }
        _ => at_storage(seen),
    })
    .await;
    let it = start(&github.url(), "t", json!({})).await;
    let shown = it
        .ok("get_job_logs", at("tool", json!({ "job_id": 5 })))
        .await;
    assert_eq!(shown["log"], "kept here");
}

#[tokio::test]
async fn a_log_of_a_moved_repository_is_not_followed() {
    let github = Fake::start(answers(
        "/repositories/7/actions/jobs/5/logs".to_owned(),
        "acme/tool",
    ))
    .await;
    let it = start(&github.url(), "t", json!({})).await;
    let error = it
        .error("get_job_logs", at("tool", json!({ "job_id": 5 })))
        .await;
    assert!(error.contains("acme/tool was moved out of"), "{error}");
}
