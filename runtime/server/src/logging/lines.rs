//! What a line of the log looks like: for people, or one JSON object for machines. Both name the trace of the call
//! that the line is about, wherever in the call it was said.

use std::fmt::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use mcp_factory_guard::Timestamp;
use mcp_factory_sdk::trace;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The form of all lines.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) json: bool,
    /// Without spans: what they say is said in the line itself.
    pub(super) text: Format,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if self.json {
            let mut fields = Fields::default();
            event.record(&mut fields);
            let metadata = event.metadata();
            let (level, logger) = (metadata.level().as_str(), metadata.target());
            return writer.write_str(&json(level, logger, fields));
        }
        let Some(id) = trace::current() else {
            return self.text.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.text
            .format_event(context, Writer::new(&mut line), event)?;
        writeln!(writer, "{} trace_id={id:032x}", line.trim_end())
    }
}

/// A line of JSON.
fn json(level: &str, logger: &str, fields: Fields) -> String {
    let mut line = Map::new();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    line.insert(
        "ts".to_owned(),
        Timestamp(now.unwrap_or_default()).to_string().into(),
    );
    line.insert("level".to_owned(), level.to_ascii_lowercase().into());
    line.insert("logger".to_owned(), logger.into());
    line.insert("msg".to_owned(), fields.message.into());
    if let Some(id) = trace::current() {
        line.insert("trace_id".to_owned(), format!("{id:032x}").into());
    }
    for (name, value) in fields.others {
        // The names above are taken.
        line.entry(name).or_insert(value);
    }
    let mut text = Value::Object(line).to_string();
    text.push('\n');
    text
}

/// A panic as a line of JSON.
pub(super) fn panicked(words: &str) -> String {
    let fields = Fields {
        message: words.trim_end().to_owned(),
        others: Map::new(),
    };
    json("error", "panic", fields)
}

/// What an event says.
#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        self.others.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // A string takes everything.
            write!(self.message, "{value:?}").unwrap_or_default();
        } else {
            self.add(field, format!("{value:?}").into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            self.add(field, value.into());
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value.into());
    }
}
