//! An authorization server as small as can be: one key, one token, and the set of keys over loopback HTTP.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::TcpListener,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_compact::KeyPair;
use serde_json::{Value, json};

/// How long the token is good.
const SECONDS: u64 = 6 * 3600;

/// Writes a line of JSON with the issuer's URL and a token for `audience`, then serves the keys until it is killed.
pub fn run(audience: &str) -> io::Result<()> {
    let keys = KeyPair::generate();
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let url = format!("http://{}", listener.local_addr()?);
    let jwks = json!({ "keys": [{
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "bench",
        "x": URL_SAFE_NO_PAD.encode(*keys.pk),
    }]});
    let metadata = json!({
        "issuer": url,
        "jwks_uri": format!("{url}/keys"),
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "response_types_supported": ["code"],
    });
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(io::Error::other)?
        .as_secs();
    let claims = json!({
        "iss": url, "sub": "bench", "aud": audience, "scope": "read",
        "iat": now, "exp": now + SECONDS, "client_id": "bench",
    });
    let said =
        json!({ "issuer": url, "jwks": format!("{url}/keys"), "token": token(&keys, &claims) });
    let mut stdout = io::stdout();
    writeln!(stdout, "{said}")?;
    stdout.flush()?;
    for stream in listener.incoming() {
        let mut stream = stream?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut first = String::new();
        reader.read_line(&mut first)?;
        let mut line = String::from("-");
        while !line.trim().is_empty() {
            line.clear();
            reader.read_line(&mut line)?;
        }
        let body = if first.contains("/keys") {
            &jwks
        } else {
            &metadata
        }
        .to_string();
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )?;
    }
    Ok(())
}

fn token(keys: &KeyPair, claims: &Value) -> String {
    let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "bench" });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = keys.sk.sign(signed.as_bytes(), None);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(*signature))
}
