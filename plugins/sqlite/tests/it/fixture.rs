//! A database of a small shop in a temporary directory.

use std::fs;
use std::path::{Path, PathBuf};

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_sqlite::{PLUGIN, Parameters, Request};
use rusqlite::Connection;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const SHOP: &str = "
    CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, city TEXT DEFAULT 'Rome',
        born TEXT, salary REAL, manager INTEGER REFERENCES people(id), tags TEXT, photo BLOB,
        initial TEXT GENERATED ALWAYS AS (substr(name, 1, 1)) VIRTUAL);
    CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
        placed TEXT NOT NULL, total NUMERIC NOT NULL CHECK (total >= 0), state TEXT NOT NULL DEFAULT 'open');
    CREATE TABLE items (order_id INTEGER REFERENCES orders(id), line INTEGER, product TEXT, quantity INTEGER, price REAL,
        PRIMARY KEY (order_id, line)) WITHOUT ROWID;
    CREATE TABLE log (at TEXT, what TEXT);
    CREATE TABLE numbers (n INTEGER PRIMARY KEY);
    CREATE INDEX orders_of ON orders(person, placed);
    CREATE INDEX open_orders ON orders(state) WHERE state = 'open';
    CREATE INDEX lower_name ON people(lower(name));
    CREATE VIEW rich AS SELECT name, salary FROM people WHERE salary > 3000;
    CREATE VIRTUAL TABLE docs USING fts5(title, body);
    CREATE VIRTUAL TABLE old_docs USING fts4(title, body);
    CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, y0, y1);
    CREATE TRIGGER orders_log AFTER INSERT ON orders BEGIN INSERT INTO log VALUES (new.placed, 'order ' || new.id); END;
    CREATE TABLE odd (\"a \"\"quoted\"\" name\" TEXT, [select] TEXT);
    CREATE TABLE \"we/ird name\" (x);
    INSERT INTO people (id, name, email, city, born, salary, manager, tags, photo) VALUES
        (1, 'Ada', 'ada@example.com', 'London', '1815-12-10', 5000, NULL, '[\"math\",\"code\"]', x'00ff'),
        (2, 'Bob', 'bob@example.com', 'Rome', '1990-01-02', 2500.5, 1, '[]', NULL),
        (3, 'Cleo', NULL, 'Rome', '1969-07-20', 3200, 1, '[\"cats\"]', NULL),
        (4, 'Dora', 'dora@example.com', NULL, '2001-02-03', NULL, 2, NULL, NULL);
    WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 500) INSERT INTO numbers SELECT i FROM c;
    INSERT INTO orders (person, placed, total, state)
        SELECT n % 4 + 1, date('2026-01-01', n || ' days'), n * 3.5, CASE n % 3 WHEN 0 THEN 'open' ELSE 'paid' END FROM numbers WHERE n <= 200;
    INSERT INTO items SELECT o.id, l.n, 'product ' || (o.id % 7), l.n, 1.25 * l.n FROM orders o JOIN numbers l ON l.n <= 3;
    INSERT INTO docs VALUES ('Tea', 'How to brew green tea'), ('Coffee', 'Beans and water'), ('Water', 'Boil it');
    INSERT INTO old_docs VALUES ('Tea', 'How to brew green tea'), ('Coffee', 'Beans and water');
    INSERT INTO boxes VALUES (1, 0, 10, 0, 10), (2, 20, 30, 20, 30);
    INSERT INTO odd VALUES ('a', 'b');
";

/// The plugin with a shop of its own.
pub(crate) struct Shop {
    pub(crate) plugin: TestPlugin,
    pub(crate) directory: TempDir,
}

impl Shop {
    /// Read-only, with a timeout of a second.
    pub(crate) async fn open() -> Self {
        Self::with(json!({ "timeout": "1s" })).await
    }

    /// Changes are allowed.
    pub(crate) async fn writable() -> Self {
        Self::with(json!({ "mode": "readwrite", "timeout": "5s" })).await
    }

    /// With settings beside the path.
    pub(crate) async fn with(mut config: Value) -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("shop.db");
        Connection::open(&path)
            .unwrap()
            .execute_batch(SHOP)
            .unwrap();
        config["path"] = json!(path);
        let plugin = TestPlugin::start(&PLUGIN, config).await.unwrap();
        Self { plugin, directory }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("shop.db")
    }

    /// A connection past the plugin.
    pub(crate) fn backdoor(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    /// The structured answer of a tool that must succeed.
    pub(crate) async fn json(&self, tool: &str, arguments: Value) -> Value {
        match self.plugin.call_json(tool, arguments.clone()).await {
            Ok(answer) => answer,
            Err(error) => panic!("{tool} {arguments}: {}", error.log_message()),
        }
    }

    /// What a tool that must fail tells the model.
    pub(crate) async fn refusal(&self, tool: &str, arguments: Value) -> String {
        match self.plugin.call(tool, arguments.clone()).await {
            Ok(answer) => panic!("{tool} {arguments} succeeded: {answer:?}"),
            Err(error) => {
                let told = error.public_message();
                told.unwrap_or_else(|| panic!("{}", error.log_message()))
                    .to_owned()
            }
        }
    }

    /// The rows of a question.
    pub(crate) async fn rows(&self, sql: &str) -> Value {
        self.json("query", json!({ "sql": sql })).await["rows"].take()
    }

    /// What the schema holds, past the plugin.
    pub(crate) fn schema(&self) -> Vec<(String, Option<String>)> {
        let connection = self.backdoor();
        let mut statement = connection
            .prepare("SELECT type || ' ' || name, sql FROM sqlite_schema ORDER BY 1")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Names and hashes of all files in the directory of the database.
    pub(crate) fn fingerprint(&self) -> Vec<(String, Vec<u8>)> {
        fingerprint(self.directory.path())
    }
}

/// Names and hashes of all files in a directory.
pub(crate) fn fingerprint(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let hash = Sha256::digest(fs::read(entry.path()).unwrap());
            (entry.file_name().into_string().unwrap(), hash.to_vec())
        })
        .collect();
    files.sort();
    files
}

/// A statement without parameters.
pub(crate) fn request(sql: &str) -> Request {
    Request {
        sql: sql.to_owned(),
        parameters: Parameters::None,
        ..Request::default()
    }
}
