//! No private address is dialled, whatever the URL, the name servers and the redirects say.
//!
//! The client is the real one; its resolver answers what the case says, and in place of `connect` stands a
//! recorder. What counts as private is written here a second time, as a list of networks, so that a slip in
//! the crate is not a slip here. `OUTBOUND_CASES` sets the number of cases (100,000 when unset).

mod generate;
mod networks;

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use ipnet::IpNet;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;

/// Each look-up is answered with the next of these, and so again from the first.
fn stub(answers: Vec<Vec<IpAddr>>) -> Resolver {
    let asked = AtomicUsize::new(0);
    Resolver::stub(move |_| {
        let turn = asked.fetch_add(1, Ordering::Relaxed);
        answers[turn % answers.len()].clone()
    })
}

type Dialled = Arc<Mutex<Vec<SocketAddr>>>;

fn client(resolver: Resolver, connected_to: Option<SocketAddr>) -> (Client, Dialled) {
    let dialled = Dialled::default();
    let record = Arc::clone(&dialled);
    let client = Client::builder(Reach::public())
        .resolver(resolver)
        .dialler(Dialler::Recorded(Arc::new(move |address| {
            record.lock().unwrap().push(address);
            // The listener speaks no TLS.
            let open = connected_to.filter(|_| address.port() == 80);
            let end = open.ok_or_else(|| io::ErrorKind::ConnectionRefused.into());
            (Duration::ZERO, end)
        })))
        .build()
        .unwrap();
    (client, dialled)
}

fn cases() -> usize {
    std::env::var("OUTBOUND_CASES").map_or(100_000, |text| text.parse().unwrap())
}

/// Fails when one was dialled that must not be; else how many were.
fn judge(forbidden: &[IpNet], dialled: &Dialled, what: &str) -> usize {
    let dialled = dialled.lock().unwrap();
    for address in dialled.iter() {
        let bad = networks::is_forbidden(forbidden, address.ip());
        assert!(!bad, "{address} was dialled: {what}");
        let port = address.port();
        assert!(matches!(port, 80 | 443), "{address} was dialled: {what}");
    }
    dialled.len()
}

#[tokio::test]
async fn no_private_address_is_dialled() {
    let forbidden = networks::forbidden();
    let seed = rand::random();
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut sent, mut dials, mut refused) = (0, 0, 0);
    for case in 0..cases() {
        // Half of the texts are no URL at all: those do not count.
        let (text, url) = loop {
            let text = generate::url(&mut rng);
            if let Ok(url) = Url::parse(&text) {
                break (text, url);
            }
        };
        let answers = generate::answers(&mut rng);
        let what = format!("seed {seed}, case {case}, {text:?}, {answers:?}");
        let (client, dialled) = client(stub(answers), None);
        // The name is looked up anew for each: the second time it may lead elsewhere.
        for _ in 0..2 {
            let error = client.send(Request::get(url.clone())).await.unwrap_err();
            sent += 1;
            refused += usize::from(matches!(error, OutboundError::Refused(_)));
        }
        dials += judge(&forbidden, &dialled, &what);
    }
    // Were nothing dialled at all, or nothing refused, nothing would be shown.
    assert!(dials > sent / 20, "{dials} dials in {sent} requests");
    assert!(refused > sent / 4, "{refused} refusals of {sent} requests");
}

#[tokio::test]
async fn no_private_address_is_dialled_after_a_redirect() {
    let forbidden = networks::forbidden();
    let seed = rand::random();
    let mut rng = StdRng::seed_from_u64(seed);
    let redirects = (cases() / 200).max(200);
    let mut hops = 0;
    for case in 0..redirects {
        let to = generate::url(&mut rng).replace(['\t', '\n', '\r'], "");
        let answers = generate::answers(&mut rng);
        let what = format!("seed {seed}, case {case}, to {to:?}, {answers:?}");
        // Whatever public address is dialled, a real listener answers with the redirect.
        let server = TestServer::start(move |_| redirect(302, &to)).await;
        let listener = SocketAddr::from(([127, 0, 0, 1], server.port));
        let mut first = vec![vec!["8.8.8.8".parse().unwrap()]];
        first.extend(answers);
        let (client, dialled) = client(stub(first), Some(listener));
        let start: Url = "http://start.example/".parse().unwrap();
        let request = Request::get(start)
            .follow(Redirects::up_to(3))
            .timeout(Duration::from_secs(2));
        let end = client.send(request).await;
        assert!(end.is_err(), "it redirects for ever: {what}");
        let dials = judge(&forbidden, &dialled, &what);
        assert!(dials >= 1, "{what}");
        hops += dials - 1;
    }
    assert!(
        hops > redirects / 20,
        "{hops} hops after {redirects} redirects"
    );
}

#[tokio::test]
async fn a_name_that_moves_inside_is_refused_the_second_time() {
    let answers = vec![
        vec!["8.8.8.8".parse().unwrap()],
        vec!["169.254.169.254".parse().unwrap()],
    ];
    let (client, dialled) = client(stub(answers), None);
    let get = || client.send(Request::get("http://rebind.example/".parse().unwrap()));
    assert!(matches!(get().await, Err(OutboundError::Connect(_))));
    let error = get().await.unwrap_err();
    assert!(
        matches!(error, OutboundError::Refused(Refusal::Address)),
        "{error:?}"
    );
    assert_eq!(dialled.lock().unwrap().len(), 1);
}
