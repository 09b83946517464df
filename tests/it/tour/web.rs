//! A page of the web, and a language model.

use std::path::Path;

use mcp_factory_tests::services::Services;
use serde_json::json;

use super::Stop;

pub(super) fn stop(_: &Path) -> Stop {
    let services = Services::start();
    let (url, port) = (services.url(), services.port());
    Stop {
        config: format!(
            "[plugins.fetch]\nallow_networks = [\"127.0.0.0/8\"]\nports = [{port}]\n\
             [[plugins.sarmalink.chain]]\nname = \"small\"\nmodel = \"small\"\nbase_url = \"{url}/v1\"\nkeys = [\"env:TOUR_ENGINE\"]\n"
        ),
        environment: vec![("TOUR_ENGINE".to_owned(), "key".to_owned())],
        calls: vec![
            ("fetch", json!({ "url": format!("{url}/page") })),
            ("ai_chat", json!({ "prompt": "Hello?" })),
            ("summarise", json!({ "text": "Many words." })),
            (
                "classify",
                json!({ "text": "A fruit.", "labels": ["apple", "stone"] }),
            ),
            ("list_engines", json!({})),
            ("engine_health", json!({})),
        ],
        services: vec![Box::new(services)],
    }
}
