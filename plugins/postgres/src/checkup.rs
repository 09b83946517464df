//! `analyze_db_health`: what a database administrator looks at first.
//!
//! In the room: the checks and what they make of their numbers. Each is one question to the catalogue, so one
//! that may not be asked does not spoil the others.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{catalogue::get, error::PostgresError, session::Database};

/// The most findings of one check.
const FINDINGS: i64 = 20;

/// How the database is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Checkup {
    /// The worst of all checks.
    pub status: Status,
    /// The checks.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// What came of it.
    pub status: Status,
    /// In a sentence.
    pub summary: String,
    /// The objects that are meant, at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "a schema reads better as a plain list")]
pub enum Status {
    Ok,
    Unknown,
    Warning,
    Critical,
}

/// A question: `value` is held against the two limits, `findings` are texts.
struct Question {
    name: &'static str,
    summary: &'static str,
    sql: &'static str,
    /// From here on it is a warning.
    warning: f64,
    /// From here on it is critical.
    critical: f64,
}

const QUESTIONS: [Question; 7] = [
    Question {
        name: "connections",
        summary: "of the connections that the server allows are in use",
        sql: "SELECT count(*)::float8 / (SELECT setting::float8 FROM pg_catalog.pg_settings WHERE name = 'max_connections') AS value, \
                pg_catalog.array_remove(pg_catalog.array_agg(CASE WHEN a.state LIKE 'idle in transaction%' AND a.state_change < now() - interval '5 minutes' \
                  THEN format('process %s has kept a transaction open and idle since %s', a.pid, a.state_change) END), NULL) AS findings \
              FROM pg_catalog.pg_stat_activity a WHERE a.backend_type = 'client backend'",
        warning: 0.8,
        critical: 0.95,
    },
    Question {
        name: "cache",
        summary: "of the table blocks that were read were not in memory",
        // A young database has read little, and all of it from disk.
        sql: "SELECT CASE WHEN sum(heap_blks_hit + heap_blks_read) > 10000 \
                THEN sum(heap_blks_read)::float8 / sum(heap_blks_hit + heap_blks_read) ELSE 0 END AS value, \
                '{}'::text[] AS findings \
              FROM pg_catalog.pg_statio_user_tables",
        warning: 0.1,
        critical: 0.5,
    },
    Question {
        name: "indexes",
        summary: "indexes are not valid, double another, or are large and never used",
        sql: "WITH i AS (SELECT x.*, format('%s: %s on %s', x.what, x.indexrelid::pg_catalog.regclass, x.indrelid::pg_catalog.regclass) AS finding FROM ( \
                SELECT indexrelid, indrelid, 'not valid' AS what FROM pg_catalog.pg_index WHERE NOT indisvalid \
                UNION ALL SELECT max(indexrelid), indrelid, 'doubles another' FROM pg_catalog.pg_index \
                  GROUP BY indrelid, indkey::text, indclass::text, indcollation::text, indoption::text, \
                    coalesce(pg_catalog.pg_get_expr(indexprs, indrelid), ''), coalesce(pg_catalog.pg_get_expr(indpred, indrelid), '') HAVING count(*) > 1 \
                UNION ALL SELECT s.indexrelid, s.relid, 'never used' FROM pg_catalog.pg_stat_user_indexes s \
                  JOIN pg_catalog.pg_index x USING (indexrelid) \
                  WHERE s.idx_scan = 0 AND NOT x.indisunique AND pg_catalog.pg_relation_size(s.indexrelid) > 10485760 \
              ) x JOIN pg_catalog.pg_class c ON c.oid = x.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_') \
              SELECT (SELECT count(*) FROM i)::float8 AS value, ARRAY(SELECT finding FROM i ORDER BY 1 LIMIT $1) AS findings",
        warning: 1.0,
        critical: f64::INFINITY,
    },
    Question {
        name: "vacuum",
        summary: "tables are full of dead rows, or near the end of their transaction numbers",
        sql: "WITH t AS (SELECT format('%s has %s dead rows of %s', s.relid::pg_catalog.regclass, s.n_dead_tup, s.n_live_tup + s.n_dead_tup) AS finding \
                FROM pg_catalog.pg_stat_user_tables s WHERE s.n_dead_tup > 10000 AND s.n_dead_tup > 0.2 * s.n_live_tup \
                UNION ALL SELECT format('%s has not been frozen for %s transactions', c.oid::pg_catalog.regclass, age(c.relfrozenxid)) \
                FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'm', 't') AND age(c.relfrozenxid) > 1000000000) \
              SELECT (SELECT count(*) FROM t)::float8 AS value, ARRAY(SELECT finding FROM t LIMIT $1) AS findings",
        warning: 1.0,
        critical: f64::INFINITY,
    },
    Question {
        name: "sequences",
        summary: "of the fullest sequence's values are used",
        sql: "WITH s AS (SELECT format('%I.%I', schemaname, sequencename) AS name, last_value::float8 / max_value AS used \
                FROM pg_catalog.pg_sequences WHERE last_value IS NOT NULL AND increment_by > 0) \
              SELECT coalesce((SELECT max(used) FROM s), 0) AS value, \
                ARRAY(SELECT format('%s: %s%%', name, round((used * 100)::numeric)) FROM s WHERE used > 0.75 ORDER BY used DESC LIMIT $1) AS findings",
        warning: 0.75,
        critical: 0.9,
    },
    Question {
        name: "constraints",
        summary: "constraints were never validated",
        sql: "WITH c AS (SELECT format('%s on %s', conname, conrelid::pg_catalog.regclass) AS finding \
                FROM pg_catalog.pg_constraint WHERE NOT convalidated) \
              SELECT (SELECT count(*) FROM c)::float8 AS value, ARRAY(SELECT finding FROM c ORDER BY 1 LIMIT $1) AS findings",
        warning: 1.0,
        critical: f64::INFINITY,
    },
    Question {
        name: "replication",
        summary: "replication slots or replicas hold back more than 1 GiB of the log",
        sql: "WITH l AS (SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END AS now), \
                r AS (SELECT format('slot %s holds %s', slot_name, pg_catalog.pg_size_pretty(pg_catalog.pg_wal_lsn_diff(l.now, restart_lsn))) AS finding \
                FROM pg_catalog.pg_replication_slots, l WHERE pg_catalog.pg_wal_lsn_diff(l.now, restart_lsn) > 1073741824 \
                UNION ALL SELECT format('replica %s is behind by %s', application_name, pg_catalog.pg_size_pretty(pg_catalog.pg_wal_lsn_diff(l.now, replay_lsn))) \
                FROM pg_catalog.pg_stat_replication, l WHERE pg_catalog.pg_wal_lsn_diff(l.now, replay_lsn) > 1073741824) \
              SELECT (SELECT count(*) FROM r)::float8 AS value, ARRAY(SELECT finding FROM r LIMIT $1) AS findings",
        warning: 1.0,
        critical: f64::INFINITY,
    },
];

impl Database {
    /// Looks the database over.
    ///
    /// # Errors
    /// When a check is asked for that does not exist, or the database cannot be reached.
    pub(crate) async fn checkup(&self, wanted: &[String]) -> Result<Checkup, PostgresError> {
        let is_known =
            |name: &String| name == "all" || QUESTIONS.iter().any(|question| question.name == name);
        if let Some(unknown) = wanted.iter().find(|name| !is_known(name)) {
            return Err(PostgresError::NoSuchCheck(unknown.clone()));
        }
        let all = wanted.is_empty() || wanted.iter().any(|name| name == "all");
        let mut checks = Vec::new();
        for question in &QUESTIONS {
            if all || wanted.iter().any(|name| name == question.name) {
                checks.push(self.ask(question).await?);
            }
        }
        let worst = checks.iter().map(|check| check.status).max();
        Ok(Checkup {
            status: worst.unwrap_or(Status::Ok),
            checks,
        })
    }

    async fn ask(&self, question: &Question) -> Result<Check, PostgresError> {
        let check = |status, summary, findings| Check {
            name: question.name.to_owned(),
            status,
            summary,
            findings,
        };
        let asked = if question.sql.contains("$1") {
            self.catalogue(question.sql, &[&FINDINGS]).await
        } else {
            self.catalogue(question.sql, &[]).await
        };
        let rows = match asked {
            Ok(rows) => rows,
            Err(error @ (PostgresError::Database(_) | PostgresError::Interrupted { .. })) => {
                return Ok(check(Status::Unknown, error.to_string(), Vec::new()));
            }
            Err(error) => return Err(error),
        };
        let row = rows.first();
        let row = row.ok_or_else(|| PostgresError::Protocol("a check without a row".to_owned()))?;
        let value: f64 = get(row, "value")?;
        let findings: Option<Vec<String>> = get(row, "findings")?;
        let mut findings = findings.unwrap_or_default();
        findings.truncate(usize::try_from(FINDINGS).unwrap_or_default());
        let status = if value >= question.critical {
            Status::Critical
        } else if value >= question.warning || (question.warning < 1.0 && !findings.is_empty()) {
            Status::Warning
        } else {
            Status::Ok
        };
        let shown = if question.warning < 1.0 {
            format!("{:.1} %", value * 100.0)
        } else {
            format!("{value}")
        };
        Ok(check(
            status,
            format!("{shown} {}", question.summary),
            findings,
        ))
    }
}
