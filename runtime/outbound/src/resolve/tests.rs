//! Against a name server of our own on loopback, over real UDP.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Instant;

use hickory_resolver::config::ConnectionConfig;
use tokio::net::UdpSocket;

use super::*;

/// Asks `server` and nobody else.
fn asking(server: SocketAddr) -> Resolver {
    let mut connection = ConnectionConfig::udp();
    connection.port = server.port();
    let server = NameServerConfig::new(server.ip(), true, vec![connection]);
    let config = ResolverConfig::from_name_servers(vec![server]);
    let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    let resolver = bounded(builder).build().unwrap();
    Resolver(Source::System(Arc::new(OnceCell::new_with(Some(resolver)))))
}

/// Answers A questions with `203.0.113.7`, others with nothing, names that begin with `no` with NXDOMAIN.
/// Remembers what it was asked.
async fn name_server() -> (SocketAddr, Arc<Mutex<Vec<(u16, String)>>>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let query = &buffer[..length];
            let (mut at, mut labels) = (12, Vec::new());
            while query[at] != 0 {
                let length = usize::from(query[at]);
                labels.push(String::from_utf8_lossy(&query[at + 1..=at + length]).to_lowercase());
                at += length + 1;
            }
            let name = labels.join(".");
            let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
            let end = at + 5;
            let missing = name.starts_with("no");
            let answers = u8::from(kind == 1 && !missing);
            let mut reply = query[..end].to_vec();
            reply[2..12].copy_from_slice(&[
                0x81,
                if missing { 0x83 } else { 0x80 },
                0,
                1,
                0,
                answers,
                0,
                0,
                0,
                0,
            ]);
            if answers == 1 {
                reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 7]);
            }
            seen.lock().unwrap().push((kind, name));
            socket.send_to(&reply, from).await.unwrap();
        }
    });
    (address, asked)
}

#[tokio::test]
async fn a_name_is_asked_for_once() {
    let (server, asked) = name_server().await;
    let resolver = asking(server);
    for _ in 0..3 {
        let found = resolver.clone().addresses("a.example").await.unwrap();
        assert_eq!(found, ["203.0.113.7".parse::<IpAddr>().unwrap()]);
    }
    // The family it has no address of may be asked for again: the server has not said for how long.
    let asked = asked.lock().unwrap().clone();
    let four = asked.iter().filter(|(kind, _)| *kind == 1).count();
    assert_eq!(four, 1, "{asked:?}");
}

#[tokio::test]
async fn the_memory_is_bounded() {
    let (server, _) = name_server().await;
    let resolver = asking(server);
    let Source::System(cell) = &resolver.0 else {
        panic!("not a stub");
    };
    let options = cell.get().unwrap().options();
    assert_eq!(options.cache_size, CACHED_ANSWERS);
    assert_eq!(options.positive_max_ttl, Some(LONGEST_MEMORY));
    assert_eq!(options.negative_max_ttl, Some(LONGEST_MEMORY));
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_an_error_without_its_name() {
    let (server, asked) = name_server().await;
    let error = asking(server)
        .addresses("no.canary.example")
        .await
        .unwrap_err();
    assert!(matches!(error, OutboundError::Resolve(_)), "{error:?}");
    assert!(!error.to_string().contains("canary"));
    assert!(!asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_name_server_that_is_silent_is_given_up_on() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let start = Instant::now();
    let resolver = asking(silent.local_addr().unwrap());
    let error = resolver.addresses("a.example").await.unwrap_err();
    assert!(matches!(error, OutboundError::Resolve(_)), "{error:?}");
    assert!(
        start.elapsed() < Duration::from_secs(15),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn addresses_and_this_machine_need_no_name_server() {
    let (server, asked) = name_server().await;
    let resolver = asking(server);
    for (host, expected) in [
        ("192.0.2.1", "192.0.2.1"),
        ("::1", "::1"),
        ("[2001:db8::1]", "2001:db8::1"),
    ] {
        let found = resolver.addresses(host).await.unwrap();
        assert_eq!(found, [expected.parse::<IpAddr>().unwrap()], "{host}");
    }
    for host in ["localhost", "LocalHost.", "a.localhost", "a.b.LOCALHOST."] {
        let found = resolver.addresses(host).await.unwrap();
        assert_eq!(
            found,
            [
                IpAddr::from(Ipv4Addr::LOCALHOST),
                Ipv6Addr::LOCALHOST.into()
            ]
        );
    }
    assert!(asked.lock().unwrap().is_empty());
    // Not this machine, whatever it looks like.
    let found = resolver.addresses("localhost.evil.example").await.unwrap();
    assert_eq!(found, ["203.0.113.7".parse::<IpAddr>().unwrap()]);
}

#[tokio::test]
async fn the_system_is_read_at_the_first_question() {
    let resolver = Resolver::new();
    let Source::System(cell) = &resolver.0 else {
        panic!("not a stub");
    };
    assert!(cell.get().is_none());
    // Every entry of the hosts file is an answer.
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    for line in hosts.lines() {
        let mut words = line
            .split('#')
            .next()
            .unwrap_or_default()
            .split_whitespace();
        let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) else {
            continue;
        };
        for name in words.filter(|name| *name != "localhost") {
            let found = resolver.addresses(name).await.unwrap();
            assert!(found.contains(&address), "{name}: {found:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_without_an_address_is_an_error() {
    let error = Resolver::stub(|_| Vec::new()).addresses("a.example").await;
    assert!(matches!(error, Err(OutboundError::Resolve(_))));
    let many = Resolver::stub(|_| vec![Ipv4Addr::LOCALHOST.into(); 1000]);
    assert_eq!(
        many.addresses("a.example").await.unwrap().len(),
        MAX_ADDRESSES
    );
}
