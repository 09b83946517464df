use mcp_factory_sdk::prelude::*;

#[derive(Debug)]
pub struct Diary;

impl Plugin for Diary {
    type Config = NoConfig;

    async fn start(_: NoConfig, _: &StartContext) -> Result<Self, StartError> {
        Ok(Self)
    }
}

/// A diary.
#[plugin(name = "diary")]
impl Diary {
    /// Today's page.
    #[resource(uri = "diary://today", scope = "read", mime_type = "text/plain", cache = "5m")]
    async fn today(&self) -> String {
        "Dear diary".to_owned()
    }

    /// The page of a day.
    #[resource(uri = "diary://{year}/{+day}", scope = "read", title = "A day")]
    fn page(&self, day: String, year: u16) -> Result<Resource, ToolError> {
        Ok(Resource::text(format!("{year}: {day}")))
    }

    /// Summarises a day.
    #[prompt(scope = "read")]
    async fn summarise(
        &self,
        /// Which day.
        day: String,
        /// In how many words.
        words: Option<u32>,
    ) -> Prompt {
        Prompt::new().user(format!("{day} in {words:?} words"))
    }

    #[completion(prompt = "summarise", argument = "day")]
    async fn complete_day(&self, value: String, words: Option<String>) -> Vec<String> {
        vec![value, words.unwrap_or_default()]
    }

    #[completion(resource = "diary://{year}/{+day}", argument = "year")]
    fn complete_year(&self, value: String) -> Result<Vec<String>, ToolError> {
        Ok(vec![value])
    }
}
