//! Ways out: files, network, clock, chance, other code. None of them is there to be found.

use serde_json::json;

use crate::support::*;

/// What would reach something. Each must fail before it does anything.
const ESCAPES: &[&str] = &[
    "import \"/etc/passwd\" as x;",
    "import \"os\" as os; os::exec(\"id\")",
    "export let x = 1;",
    "eval(\"1 + 1\")",
    "let e = \"eval\"; call(e, \"1\")",
    "Fn(\"eval\").call(\"1 + 1\")",
    "Fn(\"print\")",
    "let f = |x| x; f.curry(1)",
    "curry(|x| x, 1)",
    "|x| x.eval()",
    "\"1 + 1\".eval()",
    "open_file(\"/etc/passwd\")",
    "read_file(\"/etc/passwd\")",
    "read(\"/etc/passwd\")",
    "File::open(\"/etc/passwd\")",
    "open(\"/etc/passwd\")",
    "include(\"/etc/passwd\")",
    "require(\"fs\")",
    "std::fs::read(\"/etc/passwd\")",
    "write_file(\"/tmp/x\", \"y\")",
    "env(\"PATH\")",
    "getenv(\"PATH\")",
    "env::var(\"PATH\")",
    "system(\"id\")",
    "exec(\"id\")",
    "shell(\"id\")",
    "cmd(\"id\")",
    "spawn(\"id\")",
    "`id`.exec()",
    "fetch(\"http://127.0.0.1\")",
    "http_get(\"http://127.0.0.1\")",
    "connect(\"127.0.0.1\", 80)",
    "timestamp()",
    "now()",
    "sleep(1)",
    "sleep(0.1)",
    "rand()",
    "rand_float()",
    "random()",
    "rand(1..5)",
    "let a = [1]; a.shuffle(); a.sample()",
    "load_module(\"x\")",
    "global::x",
    "this",
    "this.x = 1",
    "__proto__",
    "constructor",
    "globalThis",
    "process.exit(1)",
    "import_module(\"x\")",
    "get_fn_metadata_list()",
    "type_of(1).constructor",
    "get_engine()",
    "engine",
    "context",
    "scope",
    "static x = 1;",
    "unsafe { 1 }",
    "asm(\"int3\")",
    "new Function(\"1\")",
    "class X {}",
    "async fn f() {}",
    "await x",
    "yield 1",
    "use std::fs;",
    "goto x",
    "with x {}",
    "spawn fn() {}",
    "thread(|| 1)",
    "go f()",
    "is_shared(1)",
    "blob(10)",
    "parse_json(\"[]\").x.y",
    "debugger",
    "$x$",
    "#!/bin/sh\nid",
    "\u{0}",
    "fn eval(x) { x }",
    "let eval = 1;",
    "stop()",
    "input.config",
    "plugin",
    "secrets",
    "token",
];

#[tokio::test]
async fn nothing_is_reached() {
    assert!(ESCAPES.len() >= 80);
    let plugin = start(json!({})).await;
    for code in ESCAPES {
        match run(&plugin, code).await {
            Ok(outcome) => panic!("{code}: {outcome}"),
            Err(error) => {
                let error = error.to_string();
                assert!(
                    !error.contains("root:") && !error.contains("uid="),
                    "{code}: {error}"
                );
                assert!(
                    error.starts_with("line 1") || error.starts_with("line 2"),
                    "{code}: {error}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_script_leaves_nothing_for_the_next() {
    let plugin = start(json!({})).await;
    run(
        &plugin,
        "let secret = 42; fn leak() { 42 } print(secret); secret",
    )
    .await
    .unwrap();
    for code in ["secret", "leak()"] {
        let error = run(&plugin, code).await.unwrap_err().to_string();
        assert!(error.starts_with("line 1"), "{error}");
    }
    let outcome = run(&plugin, "1").await.unwrap();
    assert_eq!(outcome["printed"], "");
}

#[tokio::test]
async fn who_may_not_write_runs_nothing() {
    let plugin = start(json!({})).await.with_scopes(&["read"]);
    let error = run(&plugin, "1").await.unwrap_err().to_string();
    assert!(error.contains("write"), "{error}");
}
