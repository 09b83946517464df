use super::*;

fn allowed(robots: &str, path: &str) -> bool {
    let url = Url::parse("https://a.example").unwrap().join(path).unwrap();
    Rules::parse(robots, "mcp-factory").allow(&url)
}

#[test]
fn the_group_of_the_robot_is_the_only_one_it_reads() {
    let robots = "User-agent: *\nDisallow: /\n\nUser-Agent: other\nuser-agent: MCP-Factory/2.0 (x)\nDisallow: /private\n";
    assert!(allowed(robots, "/"));
    assert!(!allowed(robots, "/private/x"));
    let robots = "User-agent: mcp-factory-other\nDisallow: /\n";
    assert!(
        allowed(robots, "/"),
        "another robot, whose name begins like ours"
    );
    let robots = "User-agent: a\nUser-agent: *\nDisallow: /x\nUser-agent: b\nDisallow: /\n";
    assert!(!allowed(robots, "/x") && allowed(robots, "/y"));
    let robots = "User-agent: mcp-factory\nDisallow: /a\nUser-agent: z\nDisallow: /\nUser-agent: mcp-factory\nDisallow: /b\n";
    assert!(!allowed(robots, "/a") && !allowed(robots, "/b") && allowed(robots, "/c"));
    assert!(allowed(
        "User-agent: *\nDisallow: /\nUser-agent: mcp-factory\nDisallow:\n",
        "/x"
    ));
}

#[test]
fn the_longest_rule_decides() {
    let robots = "User-agent: *\nDisallow: /\nAllow: /public\nDisallow: /public/secret\n";
    assert!(!allowed(robots, "/x"));
    assert!(allowed(robots, "/public/x"));
    assert!(!allowed(robots, "/public/secret/x"));
    assert!(allowed("User-agent: *\nDisallow: /a\nAllow: /a\n", "/a"));
}

#[test]
fn wildcards_and_ends_are_understood() {
    for (rule, path, matches) in [
        ("/*.php$", "/a/b.php", true),
        ("/*.php$", "/a.php?x", false),
        ("/*.php", "/a.php5", true),
        ("/a*b*c", "/axxbxxc-", true),
        ("/a*b*c", "/acb", false),
        ("/a$", "/a", true),
        ("/a$", "/ab", false),
        ("/*?x=", "/p?x=1", true),
        ("*secret", "/my/secret", true),
        ("private", "/private", true),
        ("/a*a$", "/a", false),
        ("/*", "/", true),
        ("/**$", "/x", true),
    ] {
        let robots = format!("User-agent: *\nDisallow: {rule}\n");
        assert_eq!(!allowed(&robots, path), matches, "{rule} on {path}");
    }
}

#[test]
fn one_page_has_one_spelling() {
    for (rule, path) in [
        ("/%61dmin", "/admin"),
        ("/admin", "/%61dmin"),
        ("/ü", "/%C3%BC"),
        ("/%c3%bc", "/ü"),
        ("/a%2fb", "/a%2Fb"),
    ] {
        let robots = format!("User-agent: *\nDisallow: {rule}\n");
        assert!(!allowed(&robots, path), "{rule} on {path}");
    }
    assert!(allowed("User-agent: *\nDisallow: /a%2Fb\n", "/a/b"));
}

#[test]
fn what_is_no_rule_is_no_matter() {
    for robots in [
        "",
        "<html>not found</html>",
        "Disallow: /\n",
        "User-agent: *\nCrawl-delay: 10\nSitemap: /x\n# Disallow: /\nDisallow\nDisallow: # all\n",
    ] {
        assert!(allowed(robots, "/x"), "{robots:?}");
    }
    let robots = "\u{feff}USER-AGENT : *\r\nDISALLOW : /x # private\r\n";
    assert!(!allowed(robots, "/x"));
    assert!(!allowed("User-agent: *\nSitemap: /s\nDisallow: /x\n", "/x"));
}

#[test]
fn a_hostile_file_costs_little() {
    let start = std::time::Instant::now();
    let wild = format!("User-agent: *\nDisallow: /{}b\n", "a*".repeat(400));
    assert!(
        !allowed(&wild, &format!("/{}", "a".repeat(5000))),
        "cut short, it bars more"
    );
    let allows = format!(
        "User-agent: *\nDisallow: /\nAllow: /{}$\n",
        "a*".repeat(400)
    );
    assert!(!allowed(&allows, &format!("/{}", "a".repeat(5000))));
    let many = format!(
        "User-agent: *\n{}",
        "Disallow: /*a*b*c*d*e*f$\n".repeat(20_000)
    );
    let rules = Rules::parse(&many, "x");
    assert!(rules.0.iter().map(|rule| rule.path.len()).sum::<usize>() <= MAX_RULES);
    let url = format!("https://a.example/{}", "a".repeat(8000))
        .parse()
        .unwrap();
    assert!(rules.allow(&url));
    assert!(
        start.elapsed() < std::time::Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}
