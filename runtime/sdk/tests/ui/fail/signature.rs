use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// A.
    #[tool(scope = "read")]
    async fn a<T: ToString>(
        &self,
        /// It.
        it: T,
    ) -> String {
        it.to_string()
    }

    /// B.
    #[tool(scope = "read")]
    async fn b(
        &self,
        /// It.
        it: &str,
        /// Them.
        them: Vec<&str>,
        /// Whatever.
        whatever: impl ToString,
    ) -> String {
        format!("{it} {them:?} {}", whatever.to_string())
    }

    /// C.
    #[tool(scope = "read")]
    async fn c(
        &self,
        /// Two.
        (one, two): (u8, u8),
        /// Nothing.
        _: u8,
    ) -> u8 {
        one + two
    }

    /// D.
    #[tool(scope = "read")]
    async unsafe fn d(&self) -> impl ToString {
        String::new()
    }

    /// E.
    #[tool(scope = "read")]
    async fn e(&self, one: &Context, two: &Context) -> bool {
        one.is_cancelled() && two.is_cancelled()
    }

    /// F.
    #[tool(scope = "read")]
    async fn f(&self, cx: Context) -> bool {
        cx.is_cancelled()
    }

    /// G.
    #[tool(scope = "read")]
    async fn g(&self) -> &str {
        ""
    }

    /// H.
    #[tool(scope = "read")]
    async fn h(
        &self,
        /// It.
        #[cfg(unix)]
        it: u8,
    ) -> u8 {
        it
    }

    /// I.
    #[tool(scope = "read")]
    async fn i(&self, cx: &mut Context) -> bool
    where
        Self: Sized,
    {
        cx.is_cancelled()
    }

    /// K.
    #[tool(scope = "read")]
    fn k(&self, _blocking: &Blocking) {}

    /// L.
    #[tool(scope = "read")]
    async fn l(&self, _blocking: Blocking) {}

    /// M.
    #[tool(scope = "read")]
    async fn m(&self, _blocking: &mut Blocking) {}

    /// J.
    #[prompt(scope = "read")]
    extern "C" fn j(&self) -> String {
        String::new()
    }
}

fn main() {}
