//! One of everything: settings, a tool, a resource, a template, a prompt and a completion.

use std::collections::BTreeMap;

use mcp_factory_sdk::prelude::*;

/// The settings of the demonstration.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The people it knows: a name for every id.
    pub users: BTreeMap<String, String>,
}

impl Default for Config {
    fn default() -> Self {
        let users = [("1", "Ada"), ("2", "Grace"), ("3", "Margaret")];
        Self {
            users: users
                .map(|(id, name)| (id.to_owned(), name.to_owned()))
                .into(),
        }
    }
}

/// The plugin: a book of people that never changes.
#[derive(Debug)]
pub struct Demo {
    users: BTreeMap<String, String>,
}

impl Plugin for Demo {
    type Config = Config;

    async fn start(config: Config, _: &StartContext) -> Result<Self, StartError> {
        if config.users.values().any(|name| name.trim().is_empty()) {
            return Err(StartError::new(
                "`users` has a name that is empty: write one, or remove the id",
            ));
        }
        Ok(Self {
            users: config.users,
        })
    }
}

/// Somebody in the book.
#[derive(Debug, JsonSchema, Serialize)]
pub struct User {
    /// The id, as in `demo://users/{id}`.
    pub id: String,
    /// The name.
    pub name: String,
}

/// What a search found.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Found {
    /// The people, by id.
    pub users: Vec<User>,
    /// Whether there are more than the limit let through.
    pub truncated: bool,
}

/// Knows a few people, to show one of everything a plugin can offer.
#[plugin(name = "demo")]
impl Demo {
    /// Finds people by a part of their name.
    #[tool(scope = "read", title = "Find people", read_only)]
    async fn find_users(
        &self,
        /// A part of the name, in any case.
        query: String,
        /// How many to return at most.
        #[arg(default = 10, minimum = 1, maximum = 100)]
        limit: usize,
    ) -> Found {
        let query = query.to_lowercase();
        let matching = self
            .users
            .iter()
            .filter(|(_, name)| name.to_lowercase().contains(&query));
        let mut users: Vec<User> = matching
            .take(limit + 1)
            .map(|(id, name)| User {
                id: id.clone(),
                name: name.clone(),
            })
            .collect();
        let truncated = users.len() > limit;
        users.truncate(limit);
        Found { users, truncated }
    }

    /// All people, a line each: the id, a tab, the name.
    #[resource(
        uri = "demo://users",
        scope = "read",
        title = "All people",
        mime_type = "text/plain"
    )]
    async fn users(&self) -> String {
        let lines = self.users.iter().map(|(id, name)| format!("{id}\t{name}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The name of one person.
    #[resource(
        uri = "demo://users/{id}",
        scope = "read",
        title = "One person",
        mime_type = "text/plain"
    )]
    async fn user(&self, id: String) -> Resource {
        self.users
            .get(&id)
            .map_or_else(Resource::missing, Resource::text)
    }

    /// Introduces one person to another.
    #[prompt(scope = "read", title = "Introduce somebody")]
    async fn introduce(
        &self,
        /// The id of the person.
        id: String,
        /// To whom; the whole room when left out.
        audience: Option<String>,
    ) -> Result<Prompt, ToolError> {
        let name = self.users.get(&id).ok_or_else(|| {
            ToolError::not_found("nobody has this id; the tool find_users knows the ids")
        })?;
        let audience = audience.as_deref().unwrap_or("the whole room");
        Ok(Prompt::new().user(format!("Introduce {name} to {audience} in two sentences.")))
    }

    #[completion(prompt = "introduce", argument = "id")]
    async fn complete_id(&self, value: String) -> Vec<String> {
        self.users
            .keys()
            .filter(|id| id.starts_with(&value))
            .cloned()
            .collect()
    }
}
