//! What axum costs with nothing but the JSON parsed and the answer written.
//!
//! usage: `bare-axum FOLDER_OF_TEMPLATES`

use std::{env, io, path::Path, sync::Arc};

use axum::{
    Router, body::Bytes, extract::State, http::StatusCode, http::header, routing::post,
    serve::ListenerExt as _,
};
use mcp_factory_bench::{answers::Answers, listen::listen};

type Answer = (StatusCode, [(header::HeaderName, &'static str); 1], Vec<u8>);

async fn serve(State(answers): State<Arc<Answers>>, body: Bytes) -> Answer {
    let mut out = Vec::with_capacity(512);
    let status = match answers.answer(&body, &mut out) {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::BAD_REQUEST,
    };
    (status, [(header::CONTENT_TYPE, "application/json")], out)
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let folder = env::args().nth(1).unwrap_or_default();
    let answers = Arc::new(Answers::read(Path::new(&folder))?);
    let listener = listen().await?.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    axum::serve(
        listener,
        Router::new().route("/mcp", post(serve)).with_state(answers),
    )
    .await
}
