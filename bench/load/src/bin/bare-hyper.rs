//! The limit: what hyper costs with nothing but the JSON parsed and the answer written. It checks nothing.
//!
//! usage: `bare-hyper FOLDER_OF_TEMPLATES`

use std::{convert::Infallible, env, io, path::Path, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response, StatusCode, body::Incoming, header::CONTENT_TYPE, header::HeaderValue,
    server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use mcp_factory_bench::{answers::Answers, listen::listen};

async fn serve(
    answers: Arc<Answers>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await;
    let body = body
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let mut out = Vec::with_capacity(512);
    let outcome = answers.answer(&body, &mut out);
    let mut response = Response::new(Full::new(Bytes::from(out)));
    if outcome.is_err() {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let folder = env::args().nth(1).unwrap_or_default();
    let answers = Arc::new(Answers::read(Path::new(&folder))?);
    let listener = listen().await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            let service = service_fn(|request| serve(Arc::clone(&answers), request));
            // A client that goes away is no failure of the server's.
            http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
                .ok();
        });
    }
}
