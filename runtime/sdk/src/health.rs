//! How a plugin is doing: what a probe of the server asks, and an operator reads.

/// What a plugin says of itself when it is asked; see [`Plugin::health`](crate::Plugin::health).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    trouble: Option<String>,
    gauges: Vec<(&'static str, f64)>,
}

/// The most gauges that one plugin reports; more are dropped, so that what a probe costs stays bounded.
const MOST_GAUGES: usize = 32;

impl Health {
    /// All is well.
    pub const fn ok() -> Self {
        Self {
            trouble: None,
            gauges: Vec::new(),
        }
    }

    /// Calls would fail now. `reason` is for the operator: a sentence without a secret in it.
    pub fn failing(reason: impl Into<String>) -> Self {
        Self {
            trouble: Some(reason.into()),
            gauges: Vec::new(),
        }
    }

    /// Adds a number worth watching, such as how much of a pool is in use. Names are in `snake_case` and
    /// fixed: never made of what callers send. One that ends in `_total` only grows. The first 32 are kept.
    #[must_use]
    pub fn gauge(mut self, name: &'static str, value: f64) -> Self {
        if self.gauges.len() < MOST_GAUGES {
            self.gauges.push((name, value));
        }
        self
    }

    /// The same of things that are counted; 2³² of them and more are shown as 2³² − 1.
    #[must_use]
    pub fn count(self, name: &'static str, number: usize) -> Self {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.gauge(name, f64::from(number))
    }

    /// Why calls would fail, if they would.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// The numbers, in the order in which they were added.
    pub fn gauges(&self) -> &[(&'static str, f64)] {
        &self.gauges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauges_are_bounded() {
        let health = (0..100).fold(Health::ok(), |health, _| health.gauge("n", 1.0));
        assert_eq!(health.gauges().len(), MOST_GAUGES);
        assert_eq!(health.trouble(), None);
        assert_eq!(Health::failing("down").trouble(), Some("down"));
        let counted = Health::ok().count("a", 3).count("b", usize::MAX);
        assert_eq!(counted.gauges(), [("a", 3.0), ("b", 4_294_967_295.0)]);
    }
}
