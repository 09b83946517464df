use super::*;

fn permitted(address: &str) -> bool {
    crate::Reach::public().permits(address.parse().unwrap())
}

#[test]
fn machines_of_the_public_internet_are_public() {
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2606:4700::1111",
        "2a00:1450::1",
        "3fff:1000::1",
        // Tunnels to public machines.
        "::ffff:1.1.1.1",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
        "2001:0:808:808::f7f7:f7f7",
    ] {
        assert!(permitted(address), "{address}");
    }
}

#[test]
fn all_other_machines_are_not() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.0",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.0.0",
        "169.254.169.254",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "100::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff:ffff::1",
        "2001:db8::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "64:ff9b:1::8.8.8.8",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!permitted(address), "{address}");
    }
}

#[test]
fn a_tunnel_is_judged_by_what_is_inside() {
    for inside in ["10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1"] {
        let [a, b, c, d] = inside.parse::<Ipv4Addr>().unwrap().octets();
        for address in [
            format!("::{inside}"),
            format!("::ffff:{inside}"),
            format!("::ffff:0:{inside}"),
            format!("64:ff9b::{inside}"),
            format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1"),
            // Teredo with the private machine as server, then as client.
            format!("2001:0:{a:02x}{b:02x}:{c:02x}{d:02x}::f7f7:f7f7"),
            format!("2001:0:808:808::{:02x}{:02x}:{:02x}{:02x}", !a, !b, !c, !d),
            // ISATAP under a prefix that is public.
            format!("2606:4700::5efe:{inside}"),
            format!("2606:4700::200:5efe:{inside}"),
        ] {
            assert!(!permitted(&address), "{address} leads to {inside}");
        }
    }
    assert!(!permitted("fe80::5efe:8.8.8.8"), "ISATAP under link-local");
    assert!(permitted("2606:4700::5efe:8.8.8.8"));
}

#[test]
fn what_a_tunnel_carries_is_seen() {
    let inner = |text: &str| -> Vec<String> {
        let inside = inner_addresses(text.parse().unwrap());
        inside.iter().map(IpAddr::to_string).collect()
    };
    for bare in ["10.0.0.1", "::1", "::", "2a00::1"] {
        assert!(inner(bare).is_empty(), "{bare}");
    }
    for one in ["::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"] {
        assert_eq!(inner(one), ["10.0.0.1"], "{one}");
    }
    assert_eq!(inner("2a00::5efe:a00:1"), ["2a00::", "10.0.0.1"]);
}
