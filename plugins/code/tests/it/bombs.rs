//! Bombs: scripts that want time, memory or depth without an end. Each ends with a sentence, within bounds
//! that are measured from outside, in a process of its own.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::*;

/// Scripts that never end, or grow without an end, by name.
pub(crate) const BOMBS: &[(&str, &str)] = &[
    // Time.
    ("loop", "loop {}"),
    ("while", "while true { 1 }"),
    ("do", "do {} while true"),
    ("range", "for i in 0..9223372036854775807 {}"),
    (
        "range function",
        "for i in range(0, 9223372036854775807, 1) {}",
    ),
    ("steps of nothing", "for i in range(0, 1, 0) {} loop {}"),
    (
        "nested ranges",
        "for a in 0..100000 { for b in 0..100000 { for c in 0..100000 {} } }",
    ),
    ("caught", "loop { try { throw 1 } catch {} }"),
    (
        "caught limits",
        "loop { try { loop {} } catch { continue } }",
    ),
    (
        "caught sizes",
        "loop { try { let s = \"x\"; loop { s += s } } catch {} }",
    ),
    (
        "caught depth",
        "fn f() { f() } loop { try { f() } catch {} }",
    ),
    (
        "slow numbers",
        "fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } } fib(40)",
    ),
    (
        "callbacks",
        "let a = []; a.pad(20000, 1); loop { a.map(|x| x) }",
    ),
    (
        "sorting",
        "let a = []; for i in 0..20000 { a.push(20000 - i) } loop { a.sort(|x, y| y - x) }",
    ),
    (
        "comparing",
        "let a = []; a.pad(20000, \"xxxxxxxx\"); let b = a; loop { a == b }",
    ),
    (
        "removing",
        "let a = []; loop { a.pad(20000, 1); while a.len() > 0 { a.remove(0) } }",
    ),
    (
        "searching",
        "let s = \"\"; s.pad(1000000, 'a'); loop { s.index_of(\"aaaaaaaaaaaaaab\") }",
    ),
    (
        "upper",
        "let s = \"\"; s.pad(1000000, 'a'); loop { s.to_upper() }",
    ),
    (
        "reversing",
        "let a = []; a.pad(20000, 1); loop { a.reverse() }",
    ),
    (
        "duplicates",
        "let a = []; for i in 0..20000 { a.push(i) } loop { a.dedup() }",
    ),
    (
        "counting",
        "let s = \"\"; s.pad(1000000, 'a'); loop { s.len() }",
    ),
    // Depth.
    ("recursion", "fn f(x) { f(x + 1) } f(0)"),
    ("mutual recursion", "fn f(x) { g(x) } fn g(x) { f(x) } f(0)"),
    ("recursion in arguments", "fn f(x) { f(f(f(x))) } f(0)"),
    (
        "recursion in callbacks",
        "fn f(a) { a.map(|x| f([x])) } f([1])",
    ),
    (
        "recursion by comparing",
        "fn f(a) { a.sort(|x, y| f([y, x])); 0 } loop { f([1, 2]) }",
    ),
    // Memory.
    ("doubled text", "let s = \"x\"; loop { s += s }"),
    (
        "interpolated text",
        "let s = \"x\"; loop { s = `${s}${s}` }",
    ),
    (
        "padded text",
        "let s = \"\"; s.pad(9223372036854775807, 'x')",
    ),
    (
        "padded with text",
        "let s = \"\"; s.pad(9223372036854775807, \"xxxxxxxx\")",
    ),
    (
        "replaced text",
        "let s = \"\"; s.pad(1000000, 'a'); let t = s; s.replace(\"a\", t)",
    ),
    (
        "replaced characters",
        "let s = \"\"; s.pad(1000000, 'a'); let t = s; s.replace('a', t)",
    ),
    (
        "replaced nothing",
        "let s = \"\"; s.pad(1000000, 'a'); let t = s; s.replace(\"\", t)",
    ),
    ("doubled array", "let a = [1]; loop { a += a }"),
    ("appended array", "let a = [1]; loop { a.append(a) }"),
    ("padded array", "let a = []; a.pad(9223372036854775807, 1)"),
    (
        "padded with arrays",
        "let a = []; a.pad(20000, [1, 2, 3, 4, 5, 6, 7, 8])",
    ),
    ("nested arrays", "let a = [1]; loop { a = [a, a] }"),
    ("deep arrays", "let a = []; loop { a = [a] }"),
    (
        "nested maps",
        "let a = #{ x: 1 }; loop { a = #{ x: a, y: a } }",
    ),
    ("deep maps", "let a = #{}; loop { a = #{ x: a } }"),
    (
        "wide map",
        "let a = #{}; let i = 0; loop { a[`${i}`] = i; i += 1 }",
    ),
    (
        "large keys",
        "let a = #{}; let k = \"\"; k.pad(1000000, 'k'); let i = 0; loop { a[k + `${i % 10}`] = k; i += 1 }",
    ),
    (
        "large values",
        "let a = #{}; let i = 0; loop { let v = \"\"; v.pad(100000, 'v'); a[`${i}`] = v; i += 1 }",
    ),
    (
        "a thousand keys",
        "let a = #{}; let i = 0; loop { let k = `${i}`; k.pad(100000, 'k'); a[k] = 1; i += 1 }",
    ),
    (
        "split text",
        "let s = \"\"; s.pad(1000000, 'a'); loop { s.split(\"\") }",
    ),
    (
        "characters",
        "let s = \"\"; s.pad(1000000, 'a'); loop { s.to_chars() }",
    ),
    (
        "split by character",
        "let s = \"\"; s.pad(1000000, ','); loop { s.split(',') }",
    ),
    (
        "variables",
        "let v0 = 1; fn f(n) { let a = []; a.pad(20000, n); f(n + 1); a } f(0)",
    ),
    (
        "large frames",
        "fn f(s) { let a = s + \"a\"; let b = s + \"b\"; let c = s + \"c\"; let d = s + \"d\"; f(s); [a, b, c, d] } let s = \"x\"; while s.bytes < 500000 { s += s } f(s)",
    ),
    (
        "arguments",
        "fn b() { let a = []; a.pad(20000, 1); a } fn g(n) { h(b(),b(),b(),b(),b(),b(),b(),b(),b(),b(),b(),b(),b(),b(),b(),b(), b(),b(),b(),b(),b(),b(),b(),b(),b(),b(),b(),b(),b(),b(),b(),b(), g(n + 1)) } g(0)",
    ),
    (
        "texts as arguments",
        "fn b(s) { s + \"x\" } fn g(s) { h(b(s),b(s),b(s),b(s),b(s),b(s),b(s),b(s),b(s),b(s),b(s),b(s),b(s),b(s),b(s),b(s), g(s)) } let s = \"x\"; while s.bytes < 500000 { s += s } g(s)",
    ),
    (
        "functions in arrays",
        "let f = |x| x; let a = []; loop { a.push(f); a += a }",
    ),
    (
        "printed",
        "let s = \"\"; s.pad(100000, 'x'); loop { print(s) }",
    ),
    (
        "debugged",
        "let a = []; a.pad(20000, \"x\"); loop { debug(a) }",
    ),
    (
        "thrown",
        "fn f(s, n) { let t = s + \"x\"; try { f(s, n + 1) } catch (e) { throw [e, t] } } let s = \"x\"; while s.bytes < 500000 { s += s } loop { try { f(s, 0) } catch (e) { } }",
    ),
    (
        "text of arrays",
        "let a = []; a.pad(20000, \"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\"); loop { a.to_string() }",
    ),
    (
        "text of deep arrays",
        "let a = []; for i in 0..15000 { a = [a] } loop { a.to_string() }",
    ),
    (
        "copies",
        "let a = []; a.pad(19000, 1); loop { let b = a; b.push(1); let c = b; c }",
    ),
    ("returned", "let s = \"\"; s.pad(1000000, 'x'); s"),
    (
        "json",
        "let a = #{ x: 1 }; for i in 0..12 { a = #{ x: a, y: a } } loop { a.to_json() }",
    ),
];

/// Scripts whose text alone wants depth or length without an end.
fn texts() -> Vec<(&'static str, String)> {
    let many = 15_000;
    vec![
        ("brackets", "(".repeat(many)),
        (
            "closed brackets",
            format!("{}1{}", "(".repeat(many), ")".repeat(many)),
        ),
        (
            "arrays",
            format!("{}1{}", "[".repeat(many), "]".repeat(many)),
        ),
        (
            "maps",
            format!("{}1{}", "#{a:".repeat(many / 4), "}".repeat(many / 4)),
        ),
        (
            "blocks",
            format!("{}1{}", "{".repeat(many), "}".repeat(many)),
        ),
        (
            "ifs",
            format!("{}1{}", "if true {".repeat(many / 8), "}".repeat(many / 8)),
        ),
        ("signs", format!("{}1", "-".repeat(many))),
        ("nots", format!("{}true", "!".repeat(many))),
        ("sums", format!("1{}", "+1".repeat(many))),
        ("powers", format!("2{}", "**2".repeat(many))),
        ("dots", format!("let a = #{{}}; a{}", ".a".repeat(many))),
        ("indices", format!("let a = []; a{}", "[0]".repeat(many))),
        (
            "calls",
            format!("let f = |x| x; f{}", ".call(1)".repeat(many / 8)),
        ),
        ("functions", "fn f(){}".repeat(4000)),
        ("variables", "let v=1;".repeat(5000)),
        (
            "interpolations",
            format!("{}1{}", "`${".repeat(many / 4), "}`".repeat(many / 4)),
        ),
        ("comments", "/*".repeat(many)),
        ("closures", format!("{}1", "|x|".repeat(many))),
        (
            "else ifs",
            format!("if false {{}} {}", "else if false {} ".repeat(many / 8)),
        ),
        (
            "switches",
            format!(
                "{}1{}",
                "switch 1 { _ => ".repeat(many / 16),
                "}".repeat(many / 16)
            ),
        ),
        (
            "assignments",
            format!("let a = 1; {}1", "a = ".repeat(many / 2)),
        ),
        ("ands", format!("true{}", "&&true".repeat(many / 2))),
        ("coalescing", format!("(){}", "??()".repeat(many / 2))),
    ]
}

/// Not a test of its own: what `every_bomb_is_bounded` runs as a process, so that its memory is its own and
/// a crash is seen.
#[tokio::test]
#[ignore = "a part of every_bomb_is_bounded, which runs it"]
async fn one_bomb() {
    let Ok(name) = std::env::var("CODE_TEST_BOMB") else {
        return;
    };
    let script = BOMBS.iter().map(|(name, code)| (*name, (*code).to_owned()));
    let script = script
        .chain(texts())
        .find(|(known, _)| *known == name)
        .unwrap()
        .1;
    let plugin = start(json!({ "memory_mib": 64, "timeout": "1s" })).await;
    let begun = Instant::now();
    let outcome = run(&plugin, &script).await;
    let took = begun.elapsed();
    println!(
        "{name}: {took:?} {}",
        match &outcome {
            Ok(outcome) => outcome.to_string().chars().take(100).collect(),
            Err(error) => error.to_string(),
        }
    );
    assert!(took < Duration::from_secs(3), "{name}: {took:?}");
    // What may end by itself is what its text alone was about.
    assert!(
        outcome.is_err() || BOMBS.iter().all(|(known, _)| *known != name),
        "{name}"
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let peak: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    println!("{name}: peak {peak} kB");
    // 64 MiB for scripts, what the test itself takes, and one operation's overshoot.
    assert!(peak < 160 << 10, "{name}: {peak} kB at its height");
    // And the plugin goes on.
    assert_eq!(run(&plugin, "1 + 1").await.unwrap()["result"], 2, "{name}");
}

#[test]
fn every_bomb_is_bounded() {
    let names = BOMBS.iter().map(|(name, _)| *name);
    let names: Vec<_> = names
        .chain(texts().into_iter().map(|(name, _)| name))
        .collect();
    assert!(names.len() >= 80, "{}", names.len());
    let next = std::sync::Mutex::new(names.into_iter());
    let failed = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                loop {
                    let Some(name) = next.lock().unwrap().next() else {
                        return;
                    };
                    let done = std::process::Command::new(std::env::current_exe().unwrap())
                        .args(["--exact", "bombs::one_bomb", "--ignored", "--nocapture"])
                        .env("CODE_TEST_BOMB", name)
                        .output()
                        .unwrap();
                    let ran = String::from_utf8_lossy(&done.stdout).contains("peak");
                    if !done.status.success() || !ran {
                        let text = String::from_utf8_lossy(&done.stdout).into_owned();
                        let errors = String::from_utf8_lossy(&done.stderr).into_owned();
                        failed
                            .lock()
                            .unwrap()
                            .push(format!("{name}: {}\n{text}\n{errors}", done.status));
                    } else if std::env::var_os("CODE_TEST_SHOW").is_some() {
                        println!("{}", String::from_utf8_lossy(&done.stdout));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Operations count wherever they are made, also in functions that are called back, over and over.
#[tokio::test]
async fn operations_are_counted_everywhere() {
    let plugin = start(json!({ "max_operations": 10_000 })).await;
    for code in [
        "loop {}",
        "let a = []; a.pad(15000, 1); a.map(|x| x)",
        "let a = []; a.pad(15000, 1); a.filter(|x| x > 1)",
        "let a = []; a.pad(150, 1); for i in 0..100 { a.map(|x| x) }",
        "let a = []; a.pad(150, 1); a.map(|x| { let b = []; b.pad(150, 1); b.map(|y| y) })",
        "let a = []; a.pad(150, 1); for i in 0..200 { a.reduce(|sum, x| sum + x, 0) }",
        "fn f(n) { if n > 0 { f(n - 1) } } for i in 0..1000 { f(20) }",
        "let a = []; a.pad(5000, 1); a.sort(|x, y| 1)",
    ] {
        let error = run(&plugin, code).await.unwrap_err().to_string();
        assert!(
            error.contains("more than 10000 operations"),
            "{code}: {error}"
        );
    }
}

/// What scripts used is given back: two dozen bombs, each of more than 60 MiB, leave no more behind than a few.
#[tokio::test]
async fn memory_is_given_back() {
    let plugin = start(json!({ "memory_mib": 64 })).await;
    let occupied = || {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() / 256
    };
    let bomb = BOMBS
        .iter()
        .find(|(name, _)| *name == "texts as arguments")
        .unwrap()
        .1;
    let nested = BOMBS
        .iter()
        .find(|(name, _)| *name == "arguments")
        .unwrap()
        .1;
    run(&plugin, bomb).await.unwrap_err();
    let before = occupied();
    for _ in 0..12 {
        for bomb in [bomb, nested] {
            run(&plugin, bomb).await.unwrap_err();
            // The answer may come before its thread has let go of everything.
            let mut now = occupied();
            for _ in 0..100 {
                if now < before + 200 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
                now = occupied();
            }
            assert!(now < before + 200, "{before} MiB before, {now} MiB now");
        }
    }
}
