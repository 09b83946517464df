use super::*;

fn refused(reach: &Reach, url: &str) -> Option<Refusal> {
    reach.check(&url.parse().unwrap()).err()
}

#[test]
fn the_public_reach_refuses_by_sight() {
    let reach = Reach::public();
    for good in [
        "http://example.com/",
        "https://example.com:443/",
        "https://example.com:80/",
        "http://8.8.8.8/",
        "http://[2606:4700::1111]/",
    ] {
        assert_eq!(refused(&reach, good), None, "{good}");
    }
    for (bad, why) in [
        ("ftp://example.com/", Refusal::Scheme),
        ("file:///etc/passwd", Refusal::Scheme),
        ("data:text/plain,x", Refusal::Scheme),
        ("https://user@example.com/", Refusal::UserInfo),
        ("https://:pass@example.com/", Refusal::UserInfo),
        ("http://example.com:22/", Refusal::Port),
        ("http://example.com:0/", Refusal::Port),
        ("http://127.0.0.1/", Refusal::Address),
        ("http://0x7f.1/", Refusal::Address),
        ("http://2130706433/", Refusal::Address),
        ("http://0177.0.0.1/", Refusal::Address),
        ("http://127.1/", Refusal::Address),
        ("http://127。0。0。1/", Refusal::Address),
        ("http://１２７.0.0.1/", Refusal::Address),
        ("http://%31%32%37.0.0.1/", Refusal::Address),
        ("http://127.0.0.1./", Refusal::Address),
        ("http://[::1]/", Refusal::Address),
        ("http://[::ffff:7f00:1]/", Refusal::Address),
        ("http://169.254.169.254/latest/meta-data/", Refusal::Address),
    ] {
        assert_eq!(refused(&reach, bad), Some(why), "{bad}");
    }
}

#[test]
fn an_operator_reaches_everything_but_not_every_scheme() {
    let reach = Reach::operator();
    assert_eq!(refused(&reach, "http://127.0.0.1:9/"), None);
    assert_eq!(refused(&reach, "https://[fd00::1]:8443/"), None);
    assert_eq!(refused(&reach, "ftp://example.com/"), Some(Refusal::Scheme));
    assert_eq!(
        refused(&reach, "http://u:p@127.0.0.1/"),
        Some(Refusal::UserInfo)
    );
    let reach = reach.ports(&[443]);
    assert_eq!(refused(&reach, "http://example.com/"), Some(Refusal::Port));
}

#[test]
fn what_is_allowed_besides_is_no_wider_than_said() {
    let reach = Reach::public().allow("10.1.0.0/16".parse().unwrap());
    assert!(reach.permits("10.1.2.3".parse().unwrap()));
    assert!(reach.permits("::ffff:10.1.2.3".parse().unwrap()));
    assert!(!reach.permits("10.2.0.0".parse().unwrap()));
    assert!(!reach.permits("127.0.0.1".parse().unwrap()));
    // This machine is itself, not a tunnel to 0.0.0.1.
    let reach = Reach::public().allow("::1/128".parse().unwrap());
    assert!(reach.permits("::1".parse().unwrap()));
    assert!(!reach.permits("::".parse().unwrap()));
    // A network of tunnels does not open what is inside.
    let reach = Reach::public().allow("64:ff9b::/96".parse().unwrap());
    assert!(!reach.permits("64:ff9b::10.0.0.1".parse().unwrap()));
    let reach = Reach::public().allow("64:ff9b:1::/48".parse().unwrap());
    assert!(reach.permits("64:ff9b:1::808:808".parse().unwrap()));
    let reach = Reach::public().any_port();
    assert_eq!(refused(&reach, "http://example.com:9/"), None);
}
