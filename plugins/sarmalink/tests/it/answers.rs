//! What goes out, what comes back, and what a client sees meanwhile.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    fake::{End, Fake, Say, delta, finish},
    server::{Keyfile, engine, hello, keyed, start, story},
};

#[tokio::test]
async fn a_question_and_its_answer() {
    for stream in [true, false] {
        let fake = Fake::answers("Grüße").await;
        let key = Keyfile::new("a-key-of-ours");
        let settings = json!({ "stream": stream, "price_in": 2.0, "price_out": 10.0 });
        let plugin = start(vec![keyed("a", &fake, &[&key], settings)], json!({})).await;
        let arguments =
            json!({ "prompt": "hello", "system": "be kind", "temperature": 0.5, "max_tokens": 77 });
        let mut reply = plugin.call_json("ai_chat", arguments).await.unwrap();
        let latency = reply["attempts"][0]
            .as_object_mut()
            .unwrap()
            .remove("latency_ms")
            .unwrap();
        assert!(latency.as_u64().unwrap() < 5_000);
        assert_eq!(
            reply,
            json!({
                "text": "Grüße", "engine": "a", "model": "a-model", "finish_reason": "stop", "truncated": false,
                "usage": { "input_tokens": 10, "output_tokens": 5, "estimated": false },
                "cost_usd": 0.000_07,
                "attempts": [{ "engine": "a", "key_index": 0, "status": 200, "reason": "answered", "billed": "yes" }],
            })
        );
        let asked = &fake.asked()[0];
        assert_eq!(asked.path, "/v1/chat/completions");
        assert_eq!(asked.authorization.as_deref(), Some("Bearer a-key-of-ours"));
        let mut expected = json!({
            "model": "a-model",
            "messages": [{ "role": "system", "content": "be kind" }, { "role": "user", "content": "hello" }],
            "max_tokens": 77, "temperature": 0.5, "stream": stream,
        });
        if stream {
            expected["stream_options"] = json!({ "include_usage": true });
        }
        assert_eq!(asked.body, expected);
    }
}

#[tokio::test]
async fn an_engine_may_name_its_limit_otherwise_and_want_no_key() {
    let fake = Fake::answers("hi").await;
    let settings = json!({ "token_limit": "max_completion_tokens" });
    let reply = hello(&start(vec![engine("a", &fake, settings)], json!({})).await).await;
    let asked = &fake.asked()[0];
    assert_eq!(
        (
            &asked.body["max_completion_tokens"],
            &asked.body["max_tokens"]
        ),
        (&json!(1024), &Value::Null)
    );
    assert_eq!(asked.authorization, None);
    assert_eq!(reply["attempts"][0].get("key_index"), None);
    assert_eq!(reply.get("cost_usd"), None, "the price is not known");
}

#[tokio::test]
async fn a_slow_stream_is_no_silence_and_shows_progress() {
    let mut events: Vec<(Duration, String)> = (0..12)
        .map(|_| (Duration::from_millis(100), delta("word ")))
        .collect();
    events.push((Duration::ZERO, finish("stop")));
    let (broken, fake) = (
        Fake::says(Say::Status(500, vec![], String::new())).await,
        Fake::says(Say::Events(events, End::Clean)).await,
    );
    let chain = vec![
        engine("broken", &broken, json!({})),
        engine("slow", &fake, json!({})),
    ];
    let plugin = start(chain, json!({ "silence_timeout": "500ms" })).await;
    let reply = hello(&plugin).await;
    assert_eq!(reply["text"], "word ".repeat(12));
    let progress = plugin.record().progress;
    let messages: Vec<&str> = progress
        .iter()
        .filter_map(|report| report.message.as_deref())
        .collect();
    assert_eq!(messages[0], "`broken` failed; asking the next engine");
    assert!(
        messages[1..]
            .iter()
            .all(|message| *message == "`slow` is answering"),
        "{messages:?}"
    );
    assert!(
        (3..=6).contains(&messages.len()),
        "now and then, not with every word: {messages:?}"
    );
    assert!(
        progress.windows(2).all(|pair| pair[0].done < pair[1].done),
        "reports grow"
    );
}

#[tokio::test]
async fn an_answer_without_a_count_is_guessed_and_says_so() {
    let fake = Fake::says(Say::Events(
        vec![(Duration::ZERO, delta("12345678"))],
        End::Clean,
    ))
    .await;
    let done = Fake::says(Say::Events(
        vec![
            (Duration::ZERO, delta("12345678")),
            (Duration::ZERO, "[DONE]".to_owned()),
        ],
        End::Clean,
    ))
    .await;
    let chain = vec![engine("a", &fake, json!({})), engine("b", &done, json!({}))];
    let reply = hello(&start(chain, json!({})).await).await;
    assert_eq!(story(&reply), ["a truncated", "b answered"]);
    // Twice: two tokens for `hello`, two for the answer.
    assert_eq!(
        reply["usage"],
        json!({ "input_tokens": 4, "output_tokens": 4, "estimated": true })
    );
    assert_eq!(reply["attempts"][1]["billed"], "maybe");
}

#[tokio::test]
async fn an_answer_that_is_over_is_not_lost_with_what_follows() {
    for end in [End::Clean, End::Broken, End::Hang] {
        let over = json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] }).to_string();
        let events = vec![(Duration::ZERO, delta("all of it")), (Duration::ZERO, over)];
        let fake = Fake::says(Say::Events(events, end)).await;
        let reply = hello(&start(vec![engine("a", &fake, json!({}))], json!({})).await).await;
        assert_eq!(
            (&reply["text"], story(&reply)),
            (&json!("all of it"), vec!["a answered".to_owned()])
        );
        assert_eq!(reply["usage"]["estimated"], true);
    }
}

#[tokio::test]
async fn a_giant_answer_is_cut_or_left() {
    let endless: Vec<(Duration, String)> = (0..10_000)
        .map(|_| (Duration::ZERO, delta(&"é".repeat(500))))
        .collect();
    let giant = Fake::says(Say::Events(endless, End::Hang)).await;
    let settings = json!({ "max_answer_bytes": 10_001 });
    let reply = hello(&start(vec![engine("a", &giant, json!({}))], settings.clone()).await).await;
    assert_eq!(
        (&reply["truncated"], &reply["finish_reason"]),
        (&json!(true), &json!("cut"))
    );
    assert_eq!(
        reply["text"].as_str().unwrap().len(),
        10_000,
        "between two characters"
    );
    giant.until_open(0).await;

    let body = json!({ "choices": [{ "message": { "content": "x".repeat(2 << 20) }, "finish_reason": "stop" }] });
    let giant = Fake::says(Say::Status(200, vec![], body.to_string())).await;
    let small = Fake::answers("hi").await;
    let chain = vec![
        engine("a", &giant, json!({ "stream": false })),
        engine("b", &small, json!({})),
    ];
    assert_eq!(
        story(&hello(&start(chain, settings.clone()).await).await),
        ["a too_large", "b answered"]
    );

    let line = Fake::says(Say::Events(
        vec![(Duration::ZERO, "x".repeat(4 << 20))],
        End::Hang,
    ))
    .await;
    let chain = vec![
        engine("a", &line, json!({})),
        engine("b", &small, json!({})),
    ];
    assert_eq!(
        story(&hello(&start(chain, settings).await).await),
        ["a too_large", "b answered"]
    );
}

#[tokio::test]
async fn json_is_valid_under_its_schema_or_there_is_none() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"], "additionalProperties": false });
    let ask = json!({ "prompt": "how many?", "json_schema": schema });
    for (mode, in_words, format) in [
        (
            "json_schema",
            false,
            json!({ "type": "json_schema", "json_schema": { "name": "answer", "schema": schema } }),
        ),
        ("json_object", true, json!({ "type": "json_object" })),
        ("words", true, Value::Null),
    ] {
        let fake = Fake::answers("```json\n{\"n\": 3}\n```").await;
        let plugin = start(vec![engine("a", &fake, json!({ "json": mode }))], json!({})).await;
        let reply = plugin.call_json("ai_chat", ask.clone()).await.unwrap();
        assert_eq!(reply["json"], json!({ "n": 3 }));
        let asked = &fake.asked()[0].body;
        assert_eq!(asked["response_format"], format);
        let first = fake.message(0, 0);
        assert_eq!(first.contains("additionalProperties"), in_words, "{first}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_repaired_once() {
    let schema = json!({ "type": "object", "required": ["n"] });
    let ask = json!({ "prompt": "how many?", "json_schema": schema });
    let fake = Fake::start(|number, _| Say::Text(["{}", "{\"n\":1}"][number].to_owned())).await;
    let plugin = start(vec![engine("a", &fake, json!({}))], json!({})).await;
    let reply = plugin.call_json("ai_chat", ask.clone()).await.unwrap();
    assert_eq!(
        (&reply["json"], story(&reply).len()),
        (&json!({ "n": 1 }), 2)
    );
    assert_eq!(reply["usage"]["input_tokens"], 20, "both are counted");
    assert_eq!(fake.message(1, 1), "{}");
    assert!(
        fake.message(1, 2).contains("does not fit: `n` is missing"),
        "{}",
        fake.message(1, 2)
    );

    let stubborn = Fake::answers("Sure! Here you go").await;
    let plugin = start(vec![engine("a", &stubborn, json!({}))], json!({})).await;
    let error = plugin
        .call("ai_chat", ask.clone())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("does not fit, also after one repair: it is not one JSON value"),
        "{error}"
    );
    assert_eq!(stubborn.count(), 2);

    let cut = Fake::says(Say::Ended("{\"n\":".to_owned(), "length")).await;
    let plugin = start(vec![engine("a", &cut, json!({}))], json!({})).await;
    let error = plugin.call("ai_chat", ask).await.unwrap_err().to_string();
    assert!(error.contains("pass a larger `max_tokens`"), "{error}");
    assert_eq!(cut.count(), 1);

    let long = Fake::answers("{\"text\":\"a long one\"}").await;
    let plugin = start(
        vec![engine("a", &long, json!({}))],
        json!({ "max_answer_bytes": 10 }),
    )
    .await;
    let ask = json!({ "prompt": "tell", "json_schema": { "type": "object" } });
    let error = plugin.call("ai_chat", ask).await.unwrap_err().to_string();
    assert!(error.contains("was cut at its limit"), "{error}");
    assert_eq!(long.count(), 1, "what is cut by us would be cut again");
}

#[tokio::test]
async fn a_summary_is_asked_for_in_its_form() {
    let fake = Fake::answers("- short").await;
    let plugin = start(vec![engine("a", &fake, json!({}))], json!({})).await;
    let arguments = json!({ "text": "a long text", "style": "sentence", "max_words": 20 });
    let reply = plugin.call_json("summarise", arguments).await.unwrap();
    assert_eq!(reply["text"], "- short");
    assert!(
        fake.message(0, 0).contains("in one sentence")
            && fake.message(0, 0).contains("at most 20 words")
    );
    assert_eq!(
        fake.message(0, 1),
        "a long text",
        "nothing of the text stands among the instructions"
    );
    assert_eq!(fake.asked()[0].body["max_tokens"], 144);
    let error = plugin
        .call("summarise", json!({ "text": " " }))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("the text is empty"), "{error}");
}
