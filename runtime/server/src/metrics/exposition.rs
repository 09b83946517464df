//! Metrics as text: Prometheus' own form, and `OpenMetrics` for who asks for it.

use std::fmt::{Display, Write as _};

/// Which of the two forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Version 0.0.4 of Prometheus' text.
    Prometheus,
    /// `OpenMetrics` 1.0.0.
    OpenMetrics,
}

impl Form {
    /// What a scraper with this `Accept` gets.
    pub(crate) fn wanted(accept: &str) -> Self {
        let wanted = accept.contains("application/openmetrics-text");
        if wanted {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }

    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// The text in the making. Values of one family are written one after the other.
#[derive(Debug)]
pub(crate) struct Exposition {
    form: Form,
    text: String,
    family: &'static str,
}

impl Exposition {
    pub(crate) fn new(form: Form) -> Self {
        Self {
            form,
            text: String::with_capacity(16 << 10),
            family: "",
        }
    }

    /// Begins a family of counters; the name ends in `_total`.
    pub(crate) fn counter(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.begin(name, "counter", help)
    }

    pub(crate) fn gauge(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.begin(name, "gauge", help)
    }

    pub(crate) fn histogram(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.begin(name, "histogram", help)
    }

    fn begin(&mut self, name: &'static str, kind: &str, help: &str) -> &mut Self {
        self.family = name;
        // OpenMetrics calls a counter by its name without the ending.
        let shown = match self.form {
            Form::Prometheus => name,
            Form::OpenMetrics => name.strip_suffix("_total").unwrap_or(name),
        };
        self.put(format_args!(
            "# HELP {shown} {help}\n# TYPE {shown} {kind}\n"
        ));
        self
    }

    /// A value of the family that was begun last.
    pub(crate) fn value(&mut self, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        self.value_of("", labels, value)
    }

    /// The same with more words in its name, as a histogram's values have.
    pub(crate) fn value_of(
        &mut self,
        ending: &str,
        labels: &[(&str, &str)],
        value: impl Display,
    ) -> &mut Self {
        let family = self.family;
        self.put(format_args!("{family}{ending}"));
        for (at, (name, text)) in labels.iter().enumerate() {
            self.put(format_args!("{}{name}=\"", if at == 0 { '{' } else { ',' }));
            self.escape(text);
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        self.put(format_args!(" {value}\n"));
        self
    }

    fn escape(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '\\' => self.text.push_str("\\\\"),
                '"' => self.text.push_str("\\\""),
                '\n' => self.text.push_str("\\n"),
                other => self.text.push(other),
            }
        }
    }

    fn put(&mut self, words: std::fmt::Arguments<'_>) {
        // A string takes everything.
        self.text.write_fmt(words).unwrap_or_default();
    }

    /// The whole text.
    pub(crate) fn finish(mut self) -> String {
        if self.form == Form::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Form) -> String {
        let mut text = Exposition::new(form);
        text.counter("calls_total", "Calls.")
            .value(&[("tool", "a\"b\\c\nd"), ("outcome", "ok")], 3);
        text.gauge("up", "Whether.").value(&[], 0.5);
        text.finish()
    }

    #[test]
    fn labels_are_escaped_and_each_form_has_its_own_ways() {
        let values = "calls_total{tool=\"a\\\"b\\\\c\\nd\",outcome=\"ok\"} 3\n";
        assert_eq!(
            written(Form::Prometheus),
            format!(
                "# HELP calls_total Calls.\n# TYPE calls_total counter\n{values}# HELP up Whether.\n# TYPE up gauge\nup 0.5\n"
            )
        );
        assert_eq!(
            written(Form::OpenMetrics),
            format!(
                "# HELP calls Calls.\n# TYPE calls counter\n{values}# HELP up Whether.\n# TYPE up gauge\nup 0.5\n# EOF\n"
            )
        );
        let accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
        assert_eq!(Form::wanted(accept), Form::OpenMetrics);
        assert_eq!(Form::wanted("*/*"), Form::Prometheus);
    }
}
