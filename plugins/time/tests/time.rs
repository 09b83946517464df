//! The tools, called as a server calls them.

use mcp_factory_sdk::{ToolErrorKind, testing::TestPlugin};
use mcp_plugin_time::PLUGIN;
use serde_json::{Value, json};

async fn plugin(config: Value) -> TestPlugin {
    TestPlugin::start(&PLUGIN, config).await.expect("it starts")
}

async fn call(tool: &str, arguments: Value) -> Value {
    plugin(json!({}))
        .await
        .call_json(tool, arguments)
        .await
        .expect("it answers")
}

async fn refusal(tool: &str, arguments: Value) -> String {
    let error = plugin(json!({}))
        .await
        .call(tool, arguments)
        .await
        .expect_err("it is refused");
    assert_eq!(error.kind(), ToolErrorKind::InvalidArguments);
    error.to_string()
}

#[test]
fn the_surface() {
    let names: Vec<&str> = PLUGIN
        .tools()
        .iter()
        .map(mcp_factory_sdk::ToolDefinition::name)
        .collect();
    assert_eq!(names, ["get_current_time", "convert_time"]);
    let mut size = 0;
    for tool in PLUGIN.tools() {
        let hints = tool.hints();
        assert_eq!(tool.scope().to_string(), "read");
        assert!(hints.read_only && hints.idempotent && !hints.destructive && !hints.open_world);
        let output = tool.output_schema().expect("typed").to_string();
        size += tool.name().len()
            + tool.description().len()
            + tool.input_schema().to_string().len()
            + output.len();
    }
    assert!(size < 2_600, "{size} bytes of schemas");
}

#[tokio::test]
async fn now_is_now_everywhere() {
    let system = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("later")
        .as_secs();
    for zone in ["UTC", "Asia/Tokyo", "america/new_york"] {
        let moment = call("get_current_time", json!({ "timezone": zone })).await;
        assert!(
            moment["timezone"]
                .as_str()
                .expect("a name")
                .eq_ignore_ascii_case(zone)
        );
        let time: jiff::Timestamp = moment["datetime"]
            .as_str()
            .expect("a time")
            .parse()
            .expect("RFC 3339");
        let off = time.as_second() - i64::try_from(system).expect("small");
        assert!((0..5).contains(&off), "{moment}");
    }
}

#[tokio::test]
async fn the_local_zone_is_a_setting() {
    let berlin = plugin(json!({ "local_timezone": "Europe/Berlin" })).await;
    let moment = berlin
        .call_json("get_current_time", json!({}))
        .await
        .expect("it answers");
    assert_eq!(moment["timezone"], "Europe/Berlin");
    let arguments = json!({ "time": "12:00", "target_timezone": "UTC", "date": "2026-07-01" });
    let conversion = berlin
        .call_json("convert_time", arguments)
        .await
        .expect("it answers");
    assert_eq!(
        conversion["target"]["datetime"],
        "2026-07-01T10:00:00+00:00"
    );
    assert_eq!(call("get_current_time", json!({})).await["timezone"], "UTC");
    let error = TestPlugin::start(&PLUGIN, json!({ "local_timezone": "Berlin" }))
        .await
        .expect_err("refused")
        .to_string();
    assert_eq!(
        error,
        "`local_timezone`: there is no time zone `Berlin`; use an IANA name; did you mean Europe/Berlin?"
    );
}

#[tokio::test]
async fn a_time_is_converted() {
    let arguments = json!({ "source_timezone": "America/New_York", "time": "16:30", "target_timezone": "Asia/Tokyo", "date": "2026-01-05" });
    assert_eq!(
        call("convert_time", arguments).await,
        json!({
            "source": { "timezone": "America/New_York", "datetime": "2026-01-05T16:30:00-05:00", "day_of_week": "Monday", "is_dst": false },
            "target": { "timezone": "Asia/Tokyo", "datetime": "2026-01-06T06:30:00+09:00", "day_of_week": "Tuesday", "is_dst": false },
            "time_difference": "+14.0h",
        })
    );
    let day = async || {
        let now = call("get_current_time", json!({ "timezone": "UTC" })).await;
        now["datetime"].as_str().expect("a time")[..10].to_owned()
    };
    let before = day().await;
    let today = call(
        "convert_time",
        json!({ "source_timezone": "UTC", "time": "09:00", "target_timezone": "UTC" }),
    )
    .await;
    let today = &today["source"]["datetime"].as_str().expect("a time")[..10];
    // Midnight may have been in between.
    assert!(today == before || today == day().await, "{today}");
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    for (arguments, words) in [
        (json!({ "timezone": "Tokyo" }), "did you mean Asia/Tokyo?"),
        (
            json!({ "timezone": "New York" }),
            "did you mean America/New_York?",
        ),
        (
            json!({ "timezone": "Mars/Olympus" }),
            "use an IANA name such as Europe/Berlin",
        ),
        (
            json!({ "timezone": "../../etc/passwd" }),
            "there is no time zone",
        ),
        (json!({ "timezone": "" }), "there is no time zone ``"),
    ] {
        let told = refusal("get_current_time", arguments).await;
        assert!(told.contains(words), "{told}");
    }
    for (arguments, words) in [
        (
            json!({ "source_timezone": "UTC", "target_timezone": "UTC" }),
            "missing argument: `time`",
        ),
        (json!({ "time": "9am" }), "`9am` is no time"),
        (
            json!({ "time": "09:00", "date": "tomorrow" }),
            "`tomorrow` is no date",
        ),
        (
            json!({ "time": "09:00", "target_timezone": "Utopia" }),
            "no time zone `Utopia`",
        ),
        (
            json!({ "time": "02:30", "date": "2026-03-29", "source_timezone": "Europe/Berlin" }),
            "does not exist on",
        ),
    ] {
        let told = refusal("convert_time", arguments).await;
        assert!(told.contains(words), "{told}");
    }
}
