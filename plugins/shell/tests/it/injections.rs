//! Arguments that want to be more than one argument, or something else than data.

use std::collections::BTreeSet;

use mcp_factory_sdk::testing::TestPlugin;
use serde_json::{Value, json};

use crate::support::*;

/// Says how many arguments there are, and what each of them is, byte by byte.
const SAY: &str = "print scalar(@ARGV), map { ' ' . unpack('H*', $_) } @ARGV";

fn say() -> Value {
    let mut body = perl(SAY, &json!({ "max_output_bytes": 1 << 20 }));
    let argv = body["argv"].as_array_mut().unwrap();
    argv.extend(["--", "fixed", "--name={x}", "{x}", "a{x}z", "{{x}}"].map(Value::from));
    body
}

/// What the program must see for a value.
fn expected(value: &str) -> String {
    let all = [
        "fixed",
        &format!("--name={value}"),
        value,
        &format!("a{value}z"),
        "{x}",
    ]
    .map(hex);
    format!("5 {}", all.join(" "))
}

fn hex(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// What arrives as data, byte for byte: texts that a shell, a format, a template or a parser of options
/// would have made something of.
const DATA: &[&str] = &[
    "",
    " ",
    "  two  spaces  ",
    "\t",
    "\n",
    "\r\n",
    "a b",
    "a\nb",
    "a\n--output=/tmp/x",
    " -x",
    "\t-x",
    "\n-x",
    ";id",
    "; id",
    "a;id",
    "&",
    "&&id",
    "& id",
    "|id",
    "||id",
    "a|b",
    "`id`",
    "$(id)",
    "$((1+1))",
    "${IFS}id",
    "$IFS",
    "$HOME",
    "${HOME}",
    "$0",
    "$@",
    "$*",
    "$?",
    "$$",
    "!!",
    "!id",
    "~",
    "~root",
    "~/x",
    "*",
    "?",
    "[a-z]",
    "{a,b}",
    "{1..9}",
    "**/*",
    ">/tmp/pwned",
    ">>/tmp/pwned",
    "</etc/passwd",
    "<(id)",
    ">(id)",
    "<<EOF",
    "2>&1",
    "#",
    "# x",
    "'",
    "\"",
    "''",
    "\"\"",
    "' '",
    "';id;'",
    "\";id;\"",
    "'\"'\"'",
    "\\",
    "\\\\",
    "\\n",
    "\\'",
    "\\\"",
    "\\x00",
    "%00",
    "%0a",
    "%s",
    "%n%n%n",
    "%x",
    "{x}",
    "{{x}}",
    "{0}",
    "{{",
    "}}",
    "{",
    "}",
    "{y}",
    "${x}",
    "@/etc/passwd",
    "@file",
    "+x",
    "+1",
    "/etc/passwd",
    "../../etc/passwd",
    "./-x",
    ":(top)",
    ":!x",
    "HEAD;id",
    "HEAD --output=x",
    "HEAD\u{a0}--output=x",
    "ext::sh -c id",
    "file:///etc/passwd",
    "http://127.0.0.1/",
    "a=b",
    "=",
    "A=B id",
    "\u{2013}x",
    "\u{2014}-output=x",
    "\u{2212}x",
    "\u{ff0d}x",
    "\u{ad}-x",
    "\u{200b}--output=x",
    "\u{202e}--output=x",
    "\u{feff}-x",
    "\u{1b}[31mred",
    "\u{7}",
    "\u{8}",
    "\u{7f}",
    "é",
    "日本",
    "👩‍💻",
    "a\u{301}",
    "\u{e0041}",
    "__proto__",
    "null",
    "true",
    "0x10",
    "1e9",
    "NaN",
    "%COMSPEC%",
    "^&",
    "cmd /c dir",
    "$env:PATH",
    "use POSIX; system 'id'",
    "'.system('id').'",
    "__END__",
    "BEGIN { system 'id' }",
    "<STDIN>",
    "/dev/stdin",
    "/proc/self/environ",
    "a\u{b}b",
    "a\u{c}b",
    "\u{85}-x",
    "\u{2028}-x",
    "-\u{0}x",
    "a\u{0}b",
    "\u{0}",
];

/// What would be an option of the program, were it passed on.
const OPTIONS: &[&str] = &[
    "-",
    "--",
    "-x",
    "-e",
    "-esystem('id')",
    "-E",
    "-i",
    "-n",
    "-C",
    "-c",
    "-o",
    "-O/tmp/x",
    "-I/tmp",
    "-MPOSIX",
    "--output=/tmp/pwned",
    "--output",
    "--upload-pack=touch /tmp/pwned",
    "--receive-pack=x",
    "--exec=id",
    "-oProxyCommand=id",
    "-ccore.fsmonitor=id",
    "-c core.pager=id",
    "--config-env=x=PATH",
    "--ext-diff",
    "--textconv",
    "--no-index",
    "--open-files-in-pager=id",
    "--help",
    "--version",
    "-@",
    "-%s",
    "-\n",
    "- x",
    "--=x",
    "---",
    "-0",
    "-1",
    "-rf",
    "--no-preserve-root",
    "--checkpoint-action=exec=id",
    "-exec",
    "-delete",
    "--use-compress-program=id",
    "--files-from=/etc/passwd",
    "-T/etc/passwd",
    "--post-file=/etc/passwd",
    "-K x",
    "--rsh=id",
    "-F/dev/null",
    "--eval",
    "--require=x",
    "--inspect",
    "-\u{e9}",
    "-\u{200b}",
    "--\u{202e}",
];

async fn plugin() -> TestPlugin {
    start(tool(&say(), &[text("x")])).await
}

#[tokio::test]
async fn what_is_data_stays_data() {
    assert!(DATA.len() + OPTIONS.len() >= 190);
    let different: BTreeSet<_> = DATA.iter().chain(OPTIONS).collect();
    assert_eq!(different.len(), DATA.len() + OPTIONS.len());
    let plugin = plugin().await;
    let mut refused = 0;
    for value in DATA {
        match plugin.call_json("run", json!({ "x": value })).await {
            Ok(outcome) => assert_eq!(stdout(&outcome), expected(value), "{value:?}"),
            Err(error) => {
                assert!(value.contains('\0'), "{value:?}: {error}");
                assert!(error.to_string().contains("NUL"), "{error}");
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 3);
    assert!(!std::path::Path::new("/tmp/pwned").exists());
}

#[tokio::test]
async fn what_would_be_an_option_is_refused() {
    let plugin = plugin().await;
    for value in OPTIONS {
        let error = plugin
            .call_json("run", json!({ "x": value }))
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("starts with `-`"),
            "{value:?}: {error}"
        );
    }
}

#[tokio::test]
async fn a_declaration_may_let_options_in() {
    let mut body = say();
    body["allow_leading_dash"] = json!(["x"]);
    let plugin = start(tool(&body, &[text("x")])).await;
    let outcome = plugin
        .call_json("run", json!({ "x": "--output=x" }))
        .await
        .unwrap();
    assert_eq!(stdout(&outcome), expected("--output=x"));
}

#[tokio::test]
async fn other_kinds_are_no_way_around_it() {
    let plugin = start(tool(&say(), &[number("x")])).await;
    let outcome = plugin.call_json("run", json!({ "x": 42 })).await.unwrap();
    assert_eq!(stdout(&outcome), expected("42"));
    let error = plugin
        .call_json("run", json!({ "x": -42 }))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("starts with `-`"), "{error}");
    for value in [
        json!("5"),
        json!([5]),
        json!({ "a": 5 }),
        json!(1.5),
        json!(true),
    ] {
        let error = plugin
            .call_json("run", json!({ "x": value }))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("whole number"), "{error}");
    }
    // Left out, it takes every element with it that has a place for it.
    let outcome = plugin.call_json("run", json!({})).await.unwrap();
    assert_eq!(
        stdout(&outcome),
        format!("2 {} {}", hex("fixed"), hex("{x}"))
    );
    let error = plugin
        .call_json("run", json!({ "x": 1, "argv": ["id"] }))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("argv"), "{error}");
}

#[tokio::test]
async fn arguments_that_are_too_long_are_refused() {
    let plugin = plugin().await;
    let call = async |length: usize| {
        plugin
            .call_json("run", json!({ "x": "x".repeat(length) }))
            .await
    };
    let error = call(40 << 10).await.unwrap_err().to_string();
    assert!(error.contains("at most 32768 are passed on"), "{error}");
    let most = call(32_700).await.unwrap();
    assert!(stdout(&most).starts_with("5 "), "{most}");
    let argv: Vec<_> = [PERL.to_owned()]
        .into_iter()
        .chain((0..8).map(|_| "{x}".to_owned()))
        .collect();
    let plugin = start(tool(&json!({ "argv": argv }), &[text("x")])).await;
    let long = plugin
        .call_json("run", json!({ "x": "x".repeat(20_000) }))
        .await;
    let error = long.unwrap_err().to_string();
    assert!(error.contains("a command of 160008 bytes"), "{error}");
}

#[tokio::test]
async fn a_repository_is_not_written_through_its_log() {
    let (_directory, path) = repository();
    let body = json!({
        "argv": ["/usr/bin/git", "-C", path, "log", "{revision}"],
        "env": {
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": path,
        },
        "read": [path],
    });
    let log = async |body: &Value, revision: &str| {
        let plugin = start(tool(body, &[text("revision")])).await;
        plugin
            .call_json("run", json!({ "revision": revision }))
            .await
    };
    let output = format!("--output={path}/pwned");
    let error = log(&body, &output).await.unwrap_err().to_string();
    assert!(error.contains("take it for an option"), "{error}");
    let outcome = log(&body, "main").await.unwrap();
    assert!(stdout(&outcome).contains("Second"), "{outcome}");
    // Were it let in, the sandbox would still be there.
    let mut careless = body.clone();
    careless["allow_leading_dash"] = json!(["revision"]);
    let outcome = log(&careless, &output).await.unwrap();
    let errors = outcome["stderr"].as_str().unwrap();
    assert!(errors.contains("Permission denied"), "{outcome}");
    assert!(!std::path::Path::new(&path).join("pwned").exists());
}
