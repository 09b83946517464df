//! `explain_query`: a plan, always in a transaction that only reads.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use tokio_postgres::types::Type;

use crate::{
    error::PostgresError,
    parameters,
    session::{Access, Database, Session},
    value::Raw,
};

/// How a statement is, or was, carried out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Plan {
    /// The plan, as EXPLAIN (FORMAT JSON) gives it.
    pub plan: PlanJson,
}

/// A plan as JSON text: it may be deeper than a tree of values is read.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct PlanJson(Box<RawValue>);

impl JsonSchema for PlanJson {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Plan".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": { "type": "object" } })
    }

    fn inline_schema() -> bool {
        true
    }
}

impl Database {
    /// Explains a statement; with `analyze` it is run, and what it does is undone.
    ///
    /// # Errors
    /// When it is refused, does not fit, fails, or takes too long.
    pub(crate) async fn explain(
        &self,
        sql: &str,
        params: &[Value],
        analyze: bool,
    ) -> Result<Plan, PostgresError> {
        let sql = self.admit(sql)?;
        let mut session = self.session().await?;
        let explained = self
            .in_time(explain(&mut session, sql, params, analyze))
            .await;
        session.conclude(explained).await
    }
}

async fn explain(
    session: &mut Session,
    sql: &str,
    params: &[Value],
    analyze: bool,
) -> Result<Plan, PostgresError> {
    let options = if analyze {
        "EXPLAIN (FORMAT JSON, ANALYZE, BUFFERS) "
    } else {
        "EXPLAIN (FORMAT JSON) "
    };
    let prefix = options.len();
    let explained = format!("{options}{sql}");
    let (scope, statement) = session.begin_with(Access::Read, &explained, prefix).await?;
    // Whatever `sql` is, what runs must be one EXPLAIN.
    if statement.columns().len() != 1 || *statement.columns()[0].type_() != Type::JSON {
        return Err(PostgresError::NoColumns);
    }
    let bound = parameters::bind(statement.params(), params)?;
    let portal = scope.transaction.bind_raw(&statement, &bound).await;
    let portal = portal.map_err(|error| scope.fault(&error, sql, prefix))?;
    let rows = scope.transaction.query_portal(&portal, 2).await;
    let rows = rows.map_err(|error| scope.fault(&error, sql, prefix))?;
    let text = rows
        .first()
        .and_then(|row| row.try_get::<_, Raw<'_>>(0).ok());
    let plan = text.and_then(|Raw(bytes)| serde_json::from_slice(bytes).ok().map(PlanJson));
    let plan =
        plan.ok_or_else(|| PostgresError::Protocol("EXPLAIN returned no plan".to_owned()))?;
    Ok(Plan { plan })
}
