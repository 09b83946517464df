//! What it costs to know a caller: a token seen for the first time, one seen before, and for comparison
//! what `jsonwebtoken` takes for the same token. Run with `cargo bench -p mcp-factory-identity`.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use mcp_factory_identity::{AuthConfig, Authenticator, Clock, Mode, Surroundings};
use mcp_factory_sdk::ScopeHierarchy;
use serde_json::{Map, Value, json};

const ISSUER: &str = "https://id.example.com/";
const AUDIENCE: &str = "https://mcp.example.com/mcp";
const TOKENS: usize = 3_000;
const LOOK_UPS: usize = 200_000;

struct Signer {
    algorithm: Algorithm,
    encoding: EncodingKey,
    decoding: DecodingKey,
    jwk: Value,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    let signers = [rsa(), ec(), ed()];
    let jwks: Vec<_> = signers.iter().map(|signer| &signer.jwk).collect();
    let authenticator = authenticator(serve(json!({"keys": jwks}).to_string()));
    let mut report = String::from("median of each call, µs\n");
    for signer in &signers {
        let tokens: Vec<_> = (0..TOKENS).map(|number| token(signer, number)).collect();
        let headers: Vec<_> = tokens.iter().map(|token| bearer(token)).collect();
        let fetched = runtime.block_on(authenticator.authenticate(&headers[0]));
        fetched.expect("the first token fetches the keys");
        let new = runtime.block_on(async {
            let mut times = Vec::with_capacity(TOKENS);
            for headers in &headers[1..] {
                let start = Instant::now();
                let known = authenticator.authenticate(headers).await;
                times.push(start.elapsed().as_nanos());
                known.expect("a good token");
            }
            median(times)
        });
        let bare = bare(signer, &tokens[1..]);
        let seen = seen(&authenticator, headers.last().expect("there are tokens"));
        writeln!(
            report,
            "{:?}: new {new:.2}, bare jsonwebtoken {bare:.2}, seen before {seen:.3} ({} bytes)",
            signer.algorithm,
            tokens[0].len(),
        )
        .expect("a string takes all");
    }
    std::io::stdout()
        .write_all(report.as_bytes())
        .expect("stdout is open");
}

fn seen(authenticator: &Authenticator, headers: &HeaderMap) -> f64 {
    // One look-up is near the clock's own cost, so a hundred are timed at once.
    let mut times = Vec::new();
    for _ in 0..LOOK_UPS / 100 {
        let start = Instant::now();
        for _ in 0..100 {
            assert!(std::hint::black_box(authenticator.verified(headers)).is_some());
        }
        times.push(start.elapsed().as_nanos());
    }
    median(times) / 100.0
}

fn bare(signer: &Signer, tokens: &[String]) -> f64 {
    let mut validation = Validation::new(signer.algorithm);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    let times = tokens.iter().map(|token| {
        let start = Instant::now();
        let read = jsonwebtoken::decode::<Map<String, Value>>(token, &signer.decoding, &validation);
        let time = start.elapsed().as_nanos();
        read.expect("a good token");
        time
    });
    median(times.collect())
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of one call")]
fn median(mut times: Vec<u128>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2] as f64 / 1_000.0
}

fn authenticator(jwks_url: String) -> Authenticator {
    let config = AuthConfig {
        mode: Mode::Jwt,
        issuer: Some(ISSUER.to_owned()),
        audience: Some(vec![AUDIENCE.to_owned()]),
        jwks_url: Some(jwks_url),
        ..AuthConfig::default()
    };
    let surroundings = Surroundings {
        resource: AUDIENCE.to_owned(),
        hierarchy: ScopeHierarchy::default(),
        scopes: vec!["read".to_owned()],
    };
    Authenticator::new(&config, surroundings, Clock::system()).expect("a good configuration")
}

/// A token as providers issue them, with a few claims nobody here needs.
fn token(signer: &Signer, number: usize) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("the clock is set").as_secs();
    let claims = json!({
        "iss": ISSUER,
        "aud": [AUDIENCE, "https://id.example.com/userinfo"],
        "sub": format!("user|{number:016}"),
        "client_id": "K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja",
        "jti": format!("73WakrfVbNJBaAmhQtEeDv{number:08}"),
        "iat": now,
        "exp": now + 3_600,
        "org_id": "org_01HRDMC6CM357W30QMHMQ96Q0S",
        "scope": "openid profile read write",
    });
    let mut header = Header::new(signer.algorithm);
    header.typ = Some("at+jwt".to_owned());
    header.kid = signer.jwk["kid"].as_str().map(str::to_owned);
    jsonwebtoken::encode(&header, &claims, &signer.encoding).expect("a claim set that is JSON")
}

fn bearer(token: &str) -> HeaderMap {
    let value = HeaderValue::try_from(format!("Bearer {token}")).expect("a token fits a header");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

/// Answers every request with `body`, until the process ends.
fn serve(body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 4_096];
            // The request fits one read on loopback.
            let read = stream.read(&mut request).expect("a request");
            assert!(read > 0);
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ";
            let answer = format!("{head}{}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).expect("a reader");
        }
    });
    format!("http://{address}/jwks")
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rsa() -> Signer {
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect("a key in PKCS #8");
    Signer {
        algorithm: Algorithm::RS256,
        // The signer takes PKCS #1, which stands in PKCS #8 behind 26 bytes that name the algorithm.
        encoding: EncodingKey::from_rsa_der(&pkcs8.as_ref()[26..]),
        decoding: DecodingKey::from_rsa_raw_components(&public.n, &public.e),
        jwk: json!({"kty": "RSA", "kid": "r", "use": "sig", "alg": "RS256", "n": encode(public.n), "e": encode(public.e)}),
    }
}

fn ec() -> Signer {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let point = pair.public_key().as_ref();
    let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
    Signer {
        algorithm: Algorithm::ES256,
        encoding: EncodingKey::from_ec_der(pair.to_pkcs8v1().expect("a key in PKCS #8").as_ref()),
        decoding: DecodingKey::from_ec_der(point),
        jwk: json!({"kty": "EC", "crv": "P-256", "kid": "e", "x": x, "y": y}),
    }
}

fn ed() -> Signer {
    let pair = Ed25519KeyPair::generate().expect("a key");
    let x = encode(pair.public_key());
    Signer {
        algorithm: Algorithm::EdDSA,
        encoding: EncodingKey::from_ed_der(pair.to_pkcs8().expect("a key in PKCS #8").as_ref()),
        decoding: DecodingKey::from_ed_der(pair.public_key().as_ref()),
        jwk: json!({"kty": "OKP", "crv": "Ed25519", "kid": "d", "x": x}),
    }
}
