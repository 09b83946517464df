//! What a tool costs beside GitHub's own time: `cargo bench -p mcp-plugin-github`.
//!
//! A server on the loopback interface answers with one and the same issue. The bare request asks it and reads
//! the answer as JSON with the same client; the tool does that and all that is ours: permit, arguments,
//! allow-list, taint, token, address, limits, memory, cleaning, notice, structured answer. Medians of calls that
//! take turns, so that both meet the same machine.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use mcp_factory_outbound::{Client, Reach, Url};
use mcp_factory_sdk::{Secret, testing::TestPlugin};
use mcp_plugin_github::PLUGIN;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const SAMPLES: usize = 3_000;

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // GitHub has a machine of its own.
    let (address, _server) = serve()?;
    runtime.block_on(measure(address))
}

async fn measure(address: SocketAddr) -> io::Result<()> {
    let base = format!("http://{address}");
    let folder = tempfile::tempdir()?;
    let token = folder.path().join("token");
    std::fs::write(&token, "bench")?;
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600))?;
    let config = json!({ "token": format!("file:{}", token.display()), "api_base": base, "repos": ["acme/*"] });
    let plugin = TestPlugin::start(&PLUGIN, config)
        .await
        .map_err(|error| io::Error::other(error.to_string()))?;
    let client = Client::builder(Reach::operator())
        .build()
        .map_err(io::Error::other)?;
    let url = Url::parse(&format!("{base}/repos/acme/tool/issues/1")).map_err(io::Error::other)?;
    let secret = Secret::new("bench".to_owned());
    let arguments = json!({ "owner": "acme", "repo": "tool", "number": 1 });

    let (mut plain_ones, mut tool_ones) =
        (Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES));
    for sample in 0..SAMPLES + 200 {
        let began = Instant::now();
        let request = mcp_factory_outbound::Request::get(url.clone()).bearer(&secret);
        let response = client.send(request).await.map_err(io::Error::other)?;
        let answer: Value = response.json().await.map_err(io::Error::other)?;
        let plain = began.elapsed();
        drop(answer);

        let began = Instant::now();
        let answer = plugin.call("get_issue", arguments.clone()).await;
        let whole = began.elapsed();
        answer.map_err(|error| io::Error::other(error.log_message()))?;
        if sample >= 200 {
            plain_ones.push(plain);
            tool_ones.push(whole);
        }
    }
    let (plain, tool) = (median(plain_ones), median(tool_ones));
    let mut out = io::stdout();
    writeln!(
        out,
        "bare request                {:>6} µs",
        plain.as_micros()
    )?;
    writeln!(
        out,
        "get_issue                   {:>6} µs",
        tool.as_micros()
    )?;
    writeln!(
        out,
        "ours, beside the request    {:>6} µs",
        tool.saturating_sub(plain).as_micros()
    )
}

fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
}

/// A GitHub that has one repository with one issue, on a thread of its own that ends with the process.
fn serve() -> io::Result<(SocketAddr, std::thread::JoinHandle<()>)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let server = std::thread::spawn(move || {
        runtime.block_on(async move {
            let Ok(listener) = TcpListener::from_std(listener) else {
                return;
            };
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let connection = hyper::server::conn::http1::Builder::new();
                    drop(
                        connection
                            .serve_connection(TokioIo::new(stream), service_fn(answer))
                            .await,
                    );
                });
            }
        });
    });
    Ok((address, server))
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = if request.uri().path() == "/repos/acme/tool" {
        json!({ "full_name": "acme/tool", "private": false })
    } else {
        json!({
            "number": 1, "title": "It panics", "body": "How it happens, in some words. ".repeat(60), "state": "open",
            "user": { "login": "octocat", "id": 1, "avatar_url": "https://avatars.githubusercontent.com/u/1" },
            "author_association": "NONE", "labels": [{ "id": 1, "name": "bug" }], "comments": 2,
            "repository_url": "https://api.github.com/repos/acme/tool",
            "html_url": "https://github.com/acme/tool/issues/1",
        })
    };
    Ok(Response::new(Full::new(Bytes::from(body.to_string()))))
}
