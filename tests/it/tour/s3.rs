//! Objects in a bucket.

use std::path::Path;

use mcp_factory_tests::Emulator;
use serde_json::json;

use super::Stop;

pub(super) fn stop(_: &Path) -> Stop {
    let emulator = Emulator::start(
        "aws",
        &json!({ "aws": { "s3": { "buckets": [{ "name": "tour" }] } } }),
    );
    let at = |key: &str| json!({ "bucket": "tour", "key": key });
    Stop {
        config: format!(
            "[plugins.s3]\nendpoint = \"{}\"\nregion = \"us-east-1\"\naccess_key = \"env:TOUR_S3_KEY\"\nsecret_key = \"env:TOUR_S3_SECRET\"\npresign = true\nbuckets = [{{ name = \"tour\", mode = \"rw\" }}]\n",
            emulator.url()
        ),
        environment: ["TOUR_S3_KEY", "TOUR_S3_SECRET"]
            .map(|name| (name.to_owned(), "AKIATOUR".to_owned()))
            .to_vec(),
        calls: vec![
            ("list_buckets", json!({})),
            (
                "put_object",
                json!({ "bucket": "tour", "key": "a.txt", "text": "words" }),
            ),
            ("list_objects", json!({ "bucket": "tour" })),
            ("get_object", at("a.txt")),
            ("head_object", at("a.txt")),
            (
                "copy_object",
                json!({ "source_bucket": "tour", "source_key": "a.txt", "bucket": "tour", "key": "b.txt" }),
            ),
            ("presign_url", at("b.txt")),
            ("delete_object", at("b.txt")),
        ],
        services: vec![Box::new(emulator)],
    }
}
