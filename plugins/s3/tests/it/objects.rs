//! Every tool on a real store.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::store::{Store, failure};

#[tokio::test]
async fn an_object_comes_and_goes() {
    let store = Store::new().await;
    let plugin = store.plugin().await;
    let key = "reports/2026/ü b+c&d=e%20f#?.txt";
    let written = plugin
        .call_json(
            "put_object",
            json!({ "bucket": "team-data", "key": key, "text": "grüße\n" }),
        )
        .await
        .unwrap();
    assert_eq!(written["key"], key);
    assert_eq!(
        std::fs::read_to_string(store.path("team-data").join(key)).unwrap(),
        "grüße\n"
    );

    let head = plugin
        .call_json("head_object", json!({ "bucket": "team-data", "key": key }))
        .await
        .unwrap();
    assert_eq!(
        (&head["size"], &head["etag"]),
        (&json!(8), &written["etag"])
    );
    assert!(head["last_modified"].is_string());
    let got = plugin
        .call_json("get_object", json!({ "bucket": "team-data", "key": key }))
        .await
        .unwrap();
    assert_eq!(
        (
            &got["text"],
            &got["length"],
            &got["truncated"],
            &got["base64"]
        ),
        (&json!("grüße\n"), &json!(8), &json!(false), &Value::Null)
    );
    assert_eq!(got["content_type"], "text/plain; charset=utf-8");

    let list = plugin
        .call_json(
            "list_objects",
            json!({ "bucket": "team-data", "prefix": "reports/2026/ü b+" }),
        )
        .await
        .unwrap();
    assert_eq!(list["objects"][0]["key"], key);

    let copied = plugin
        .call_json("copy_object", json!({ "source_bucket": "team-data", "source_key": key, "bucket": "team-data", "key": "copy" }))
        .await
        .unwrap();
    assert_eq!(copied["key"], "copy");
    let got = plugin
        .call_json(
            "get_object",
            json!({ "bucket": "team-data", "key": "copy" }),
        )
        .await
        .unwrap();
    assert_eq!(got["text"], "grüße\n");

    let deleted = plugin
        .call_json(
            "delete_object",
            json!({ "bucket": "team-data", "key": key }),
        )
        .await
        .unwrap();
    assert_eq!(deleted["key"], key);
    for tool in ["get_object", "head_object", "delete_object"] {
        let said = failure(&plugin, tool, json!({ "bucket": "team-data", "key": key })).await;
        assert!(
            said.contains("there is no object") && said.contains("list_objects"),
            "{tool}: {said}"
        );
    }
    let said = failure(&plugin, "copy_object", json!({ "source_bucket": "team-data", "source_key": key, "bucket": "team-data", "key": "x" })).await;
    assert!(said.contains("there is no object"), "{said}");
}

#[tokio::test]
async fn nothing_is_replaced_by_accident() {
    let store = Store::new().await;
    let plugin = store.plugin().await;
    let put = |text: &str, more: Value| {
        let mut arguments = json!({ "bucket": "team-data", "key": "k", "text": text });
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        arguments
    };
    let first = plugin
        .call_json("put_object", put("one", json!({})))
        .await
        .unwrap();
    let said = failure(&plugin, "put_object", put("two", json!({}))).await;
    assert!(
        said.contains("an object \"k\" exists already; pass overwrite = true"),
        "{said}"
    );
    plugin
        .call_json("put_object", put("src", json!({ "key": "src" })))
        .await
        .unwrap();
    let copy = json!({ "source_bucket": "team-data", "source_key": "src", "bucket": "team-data", "key": "k" });
    let said = failure(&plugin, "copy_object", copy.clone()).await;
    assert!(said.contains("exists already"), "{said}");
    plugin
        .call_json("put_object", put("two", json!({ "overwrite": true })))
        .await
        .unwrap();
    let said = failure(
        &plugin,
        "put_object",
        put("three", json!({ "if_match": first["etag"] })),
    )
    .await;
    assert!(
        said.contains("is not the one you read: its ETag is another now"),
        "{said}"
    );
    let said = failure(
        &plugin,
        "get_object",
        json!({ "bucket": "team-data", "key": "k", "if_match": first["etag"] }),
    )
    .await;
    assert!(said.contains("is not the one you read"), "{said}");
    let now = plugin
        .call_json("head_object", json!({ "bucket": "team-data", "key": "k" }))
        .await
        .unwrap();
    plugin
        .call_json(
            "put_object",
            put("three", json!({ "if_match": now["etag"] })),
        )
        .await
        .unwrap();
    let mut copy = copy;
    copy["overwrite"] = json!(true);
    plugin.call_json("copy_object", copy).await.unwrap();
    let got = plugin
        .call_json("get_object", json!({ "bucket": "team-data", "key": "k" }))
        .await
        .unwrap();
    assert_eq!(got["text"], "src");
}

#[tokio::test]
async fn long_objects_come_in_parts() {
    let store = Store::new().await;
    let text: String = (0..2000)
        .map(|line| format!("zeile {line} ß€😀\n"))
        .collect();
    store.file("team-data/long", &text);
    let bytes: Vec<u8> = (0..5000_u32)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect();
    store.file("team-data/binary", &bytes);
    let plugin = store.plugin_with(json!({ "max_bytes": 1000 })).await;
    let mut whole = String::new();
    let mut offset = json!(0);
    let mut parts = 0;
    while offset.is_u64() {
        let part = plugin
            .call_json(
                "get_object",
                json!({ "bucket": "team-data", "key": "long", "offset": offset }),
            )
            .await
            .unwrap();
        let text = part["text"].as_str().expect("cut between characters");
        assert!(
            text.len() <= 1000
                && part["length"] == text.len()
                && part["truncated"] == part["next_offset"].is_u64()
        );
        whole += text;
        offset = part["next_offset"].clone();
        parts += 1;
    }
    assert_eq!(whole, text);
    assert!(parts > 30);

    let part = plugin
        .call_json(
            "get_object",
            json!({ "bucket": "team-data", "key": "binary", "offset": 990, "length": 20 }),
        )
        .await
        .unwrap();
    let decoded = base64::engine::general_purpose::STANDARD
        .decode(part["base64"].as_str().unwrap())
        .unwrap();
    assert_eq!(decoded, bytes[990..1010]);
    assert_eq!(
        (&part["size"], &part["next_offset"], &part["text"]),
        (&json!(5000), &json!(1010), &Value::Null)
    );
    let said = failure(
        &plugin,
        "get_object",
        json!({ "bucket": "team-data", "key": "binary", "encoding": "text" }),
    )
    .await;
    assert!(
        said.contains("is not text; pass encoding = \"base64\""),
        "{said}"
    );
    let forced = plugin
        .call_json(
            "get_object",
            json!({ "bucket": "team-data", "key": "long", "encoding": "base64", "length": 6 }),
        )
        .await
        .unwrap();
    assert_eq!(forced["base64"], "emVpbGUg");
    let said = failure(
        &plugin,
        "get_object",
        json!({ "bucket": "team-data", "key": "binary", "offset": 5000 }),
    )
    .await;
    assert!(said.contains("ends before byte 5000"), "{said}");
    store.file("team-data/empty", "");
    let empty = plugin
        .call_json(
            "get_object",
            json!({ "bucket": "team-data", "key": "empty" }),
        )
        .await
        .unwrap();
    assert_eq!(
        (&empty["text"], &empty["length"], &empty["truncated"]),
        (&json!(""), &json!(0), &json!(false))
    );
}

#[tokio::test]
async fn lists_come_in_pages_and_levels() {
    let store = Store::new().await;
    for number in 0..25 {
        store.file(&format!("team-data/d/{number:02}/x"), "x");
    }
    store.file("team-data/top é", "four");
    store.file("archive/team-a/inside", "x");
    store.file("archive/team-b/canary-outside", "x");
    store.file("archive/canary-outside", "x");
    let plugin = store.plugin().await;
    let mut keys = Vec::new();
    let mut cursor = Value::Null;
    let mut pages = 0;
    loop {
        let mut arguments = json!({ "bucket": "team-data", "limit": 7 });
        if cursor.is_string() {
            arguments["cursor"] = cursor;
        }
        let page = plugin.call_json("list_objects", arguments).await.unwrap();
        assert!(page["objects"].as_array().unwrap().len() <= 7);
        keys.extend(
            page["objects"]
                .as_array()
                .unwrap()
                .iter()
                .map(|object| object["key"].as_str().unwrap().to_owned()),
        );
        cursor = page["next_cursor"].clone();
        assert_eq!(page["truncated"], cursor.is_string());
        pages += 1;
        if cursor.is_null() {
            break;
        }
    }
    let expected: Vec<String> = (0..25)
        .map(|number| format!("d/{number:02}/x"))
        .chain(["top é".to_owned()])
        .collect();
    assert_eq!((keys, pages), (expected, 4));
    let level = plugin
        .call_json(
            "list_objects",
            json!({ "bucket": "team-data", "delimiter": "/" }),
        )
        .await
        .unwrap();
    assert_eq!(level["prefixes"], json!(["d/"]));
    assert_eq!(
        (&level["objects"][0]["key"], &level["objects"][0]["size"]),
        (&json!("top é"), &json!(4))
    );
    let below = plugin
        .call_json(
            "list_objects",
            json!({ "bucket": "team-data", "prefix": "d/1", "delimiter": "/" }),
        )
        .await
        .unwrap();
    assert_eq!(below["prefixes"].as_array().unwrap().len(), 10);

    let inside = plugin
        .call_json("list_objects", json!({ "bucket": "archive" }))
        .await
        .unwrap();
    assert_eq!(inside["objects"].as_array().unwrap().len(), 1);
    assert_eq!(inside["objects"][0]["key"], "team-a/inside");
    let all = plugin.call_json("list_buckets", json!({})).await.unwrap();
    assert_eq!(
        all,
        json!({ "buckets": [
            { "name": "team-data", "prefix": "", "mode": "rw" },
            { "name": "archive", "prefix": "team-a/", "mode": "ro" },
        ] })
    );

    // A page that is too long for an answer is asked for anew, shorter.
    let small = store.plugin_with(json!({ "max_bytes": 500 })).await;
    let page = small
        .call_json("list_objects", json!({ "bucket": "team-data" }))
        .await
        .unwrap();
    assert!(
        page["truncated"] == true && (1..=6).contains(&page["objects"].as_array().unwrap().len()),
        "{page}"
    );
    let first = plugin
        .call_json("list_objects", json!({ "bucket": "team-data", "limit": 3 }))
        .await
        .unwrap();
    for other in [
        json!({ "bucket": "archive" }),
        json!({ "bucket": "team-data", "prefix": "d/" }),
        json!({ "bucket": "team-data", "delimiter": "/" }),
    ] {
        for cursor in [first["next_cursor"].as_str().unwrap(), "garbage", ""] {
            let mut arguments = other.clone();
            arguments["cursor"] = json!(cursor);
            let said = failure(&plugin, "list_objects", arguments).await;
            assert!(
                said.contains("`cursor` does not belong to this call"),
                "{said}"
            );
        }
    }
}

#[tokio::test]
async fn binary_content_and_what_is_too_large() {
    let store = Store::new().await;
    let plugin = store.plugin_with(json!({ "max_write_bytes": 10 })).await;
    let put = |more: Value| {
        let mut arguments = json!({ "bucket": "team-data", "key": "b" });
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        arguments
    };
    plugin
        .call_json(
            "put_object",
            put(json!({ "base64": "AAEC/w==", "content_type": "image/x" })),
        )
        .await
        .unwrap();
    assert_eq!(
        std::fs::read(store.path("team-data/b")).unwrap(),
        [0, 1, 2, 255]
    );
    for (arguments, words) in [
        (json!({}), "pass either `text` or `base64`"),
        (
            json!({ "text": "x", "base64": "" }),
            "pass either `text` or `base64`",
        ),
        (json!({ "base64": "?" }), "`base64` is not valid base64"),
        (
            json!({ "text": "elf bytes ab" }),
            "the content has 12 bytes and the limit here is 10",
        ),
        (
            json!({ "base64": "QUFBQUFBQUFBQUE=" }),
            "the content has 11 bytes and the limit here is 10",
        ),
        (
            json!({ "base64": "QUFB".repeat(100) }),
            "the content has 300 bytes",
        ),
        (
            json!({ "text": "x", "overwrite": true, "content_type": "a\nb" }),
            "holds a character that cannot be sent",
        ),
    ] {
        let said = failure(&plugin, "put_object", put(arguments)).await;
        assert!(said.contains(words), "{said}");
    }
}
